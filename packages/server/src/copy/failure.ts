import { StoreFailure } from '../store/port.ts';

/** A copy that cannot be made as things are. Both texts are for the operator. */
export class CopyFailure extends Error {
  override readonly name = 'CopyFailure';
  readonly advice: string;

  constructor(message: string, advice: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.advice = advice;
  }
}

/** Does a step that is refused where a server runs, or something is there already. */
export async function unlessTaken<T>(step: () => Promise<T>, advice: string): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof StoreFailure) || error.reason !== 'locked') throw error;
    throw new CopyFailure(error.message, advice, error);
  }
}
