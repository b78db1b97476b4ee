/** A thread for tests of `rpc.ts`. */
import { serve } from '../rpc.ts';

serve({
  echo: (value: unknown) => value,
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
