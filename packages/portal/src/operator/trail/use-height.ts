import { useLayoutEffect, useRef, useState, type RefObject } from 'react';

/** How high something is, whatever is put into it. */
export function useHeight<E extends HTMLElement>(): [RefObject<E | null>, number] {
  const ref = useRef<E>(null);
  const [height, setHeight] = useState(0);
  useLayoutEffect(() => {
    const { current } = ref;
    if (!current) return undefined;
    const observer = new ResizeObserver(() => setHeight(current.offsetHeight));
    observer.observe(current);
    setHeight(current.offsetHeight);
    return () => observer.disconnect();
  }, []);
  return [ref, height];
}
