/** Sizes that the record and the API hold to. */
export const LIMITS = {
  idCharacters: 256,
  reasonCharacters: 2000,
  urlCharacters: 8192,
  listItems: 100,
  headers: 200,
  headerCharacters: 16_384,
  /** Of a request or response body that is kept; longer ones are cut, with a flag (M8). */
  bodyBytes: 10_240,
  /** Of `args` or `result` as JSON. */
  argsBytes: 65_536,
  eventsPerBatch: 1000,
  /** That a hold, an extension or an erasure can name. */
  eventsNamed: 1000,
  pageEntries: 1000,
  pageDefault: 50,
} as const;
