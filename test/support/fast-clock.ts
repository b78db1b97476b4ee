/**
 * For pictures: lets the clock of a process begin days ago and jump on by half an hour again and
 * again until it has caught up; then it stands right. Between jumps it runs as it should, so that what
 * has a deadline keeps it. To be loaded with `--import`, into all threads; the variables say when it
 * began, from how many days ago, and in what time it catches up.
 */
const began = Number(process.env['FAST_CLOCK_BEGAN']);
const daysBefore = Number(process.env['FAST_CLOCK_DAYS']);
const takes_ms = Number(process.env['FAST_CLOCK_TAKES_MS']);

const JUMP_MS = 1_800_000;
const RealDate = Date;
const real = Date.now.bind(Date);
const span_ms = daysBefore * 86_400_000;
const step_ms = takes_ms / (span_ms / JUMP_MS);

function now(): number {
  const passed = Math.max(real() - began, 0);
  if (passed >= takes_ms) return real();
  const steps = Math.floor(passed / step_ms);
  return Math.round(began - span_ms + steps * JUMP_MS + (passed - steps * step_ms));
}

globalThis.Date = class extends RealDate {
  constructor(...given: unknown[]) {
    // @ts-expect-error What it is given is what a Date takes.
    super(...(given.length === 0 ? [now()] : given));
  }

  static override now(): number {
    return now();
  }
} as DateConstructor;
