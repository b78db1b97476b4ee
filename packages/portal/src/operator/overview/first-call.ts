/** The first call of an agent, as a line for a terminal. */

export interface Granted {
  readonly grant_id: string;
  readonly provider: string;
}

interface FirstCall {
  readonly origin: string;
  readonly grant: Granted | undefined;
  /** Where the provider is. */
  readonly address: string | undefined;
  /** Known only to the page on which it was made. */
  readonly apiKey: string | undefined;
}

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

export function firstCall({ origin, grant, address, apiKey }: FirstCall): string {
  const body = {
    method: 'GET',
    url: address ?? 'https://api.example.com/',
    grant_id: grant?.grant_id,
    run_id: 'run_1',
    reason: 'Try the first call',
  };
  return [
    `curl ${quoted(`${origin}/v1/request`)} \\`,
    `  -H ${quoted(`authorization: Bearer ${apiKey ?? 'KEY_OF_THE_AGENT'}`)} \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d ${quoted(JSON.stringify(body))}`,
  ].join('\n');
}
