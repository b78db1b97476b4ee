import { useEffect, useState } from 'react';

const STILL_MS = 400;

/** The value as it was when it last stayed the same for a moment: for questions asked while one types. */
export function useSettled<T>(value: T, stillMs: number = STILL_MS): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), stillMs);
    return () => clearTimeout(timer);
  }, [value, stillMs]);
  return settled;
}
