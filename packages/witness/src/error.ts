/** Why a witness does not start; for its operator. */
export class WitnessError extends Error {
  override readonly name = 'WitnessError';
}
