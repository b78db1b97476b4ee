import { check } from './checks.ts';
import type { Answer, Order, Progress } from './jobs.ts';
import { CouldNotCheck } from './reading.ts';

/** A thread that makes one check, beside the page. Whoever does not want it any more ends it. */

const TELL_MS = 100;

const say = (answer: Answer) => postMessage(answer);

/** Not more often than somebody can see. */
function teller() {
  let told = 0;
  return (progress: Progress) => {
    const now = performance.now();
    if (now - told < TELL_MS && progress.done < progress.total) return;
    told = now;
    say({ type: 'progress', progress });
  };
}

async function run(order: Order): Promise<Answer> {
  try {
    return { type: 'verdict', verdict: await check(order, teller()) };
  } catch (error) {
    if (error instanceof CouldNotCheck) {
      return { type: 'failed', message: error.message, advice: error.advice };
    }
    const { message } = error as Error;
    return { type: 'failed', message: `The check itself failed: ${message}`, advice: 'Try again.' };
  }
}

addEventListener('message', ({ data }: MessageEvent<Order>) => void run(data).then(say));
