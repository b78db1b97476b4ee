/** A thread for tests of `rpc.ts`. */
import { notify, serve } from '../rpc.ts';

serve({
  echo: (value: unknown) => value,
  /** Tells each of them, and then answers. */
  count: (to: number) => {
    for (let number = 1; number <= to; number++) notify(number);
    return to;
  },
  fail: () => {
    throw new Error('on purpose');
  },
  /** Answers, and ends right behind it. */
  leave: () => {
    setImmediate(() => process.exit(0));
    return 'left';
  },
  end: () => process.exit(3),
});
