import { cx } from './cx.ts';

/** JSON, or text that is none, as it was recorded. Always text: nothing of it is ever markup. */
export function Json({
  value,
  className,
}: {
  readonly value: unknown;
  readonly className?: string;
}) {
  return (
    <pre
      tabIndex={0}
      className={cx(
        'max-h-96 overflow-auto rounded-md border border-line bg-sunken p-3 font-mono text-[0.8125rem] leading-relaxed break-words whitespace-pre-wrap',
        className,
      )}
    >
      {visible(typeof value === 'string' ? prettyText(value) : JSON.stringify(value, null, 2))}
    </pre>
  );
}

function prettyText(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// Controls but for line ends, format characters (zero-width and bidirectional marks), lone surrogates.
const HIDDEN = /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\t\n]]/gv;

/** What would not show, or would turn the reading direction, as the escape that stands for it. */
const visible = (text: string): string =>
  text.replaceAll(HIDDEN, (hidden) => `\\u{${(hidden.codePointAt(0) ?? 0).toString(16)}}`);
