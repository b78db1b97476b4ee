import { useRef } from 'react';

import { cx } from '../../shared/ui/cx.ts';
import { Field } from '../../shared/ui/field.tsx';

interface CedarEditorProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
  /** From 1: where it is wrong. */
  readonly faultyLine?: number | undefined;
}

const LEADING = 'font-mono text-[0.8125rem] leading-5';

/** Cedar text with the numbers of its lines. */
export function CedarEditor({ value, onChange, error, faultyLine }: CedarEditorProps) {
  const gutter = useRef<HTMLDivElement>(null);
  const lines = value.split('\n').length;
  const hint = (
    <>
      A <code>forbid</code> that fits refuses the call. Attributes of <code>context</code>: method,
      url, host, path, source_ip, now, local, grant_age_seconds, scopes, caller, run_id, tenant_id,
      reason, verb, risk_level.
    </>
  );
  return (
    <Field label="Cedar" hint={hint} error={error}>
      {(ids) => (
        <div className="flex h-80 overflow-hidden rounded-md border border-line-strong bg-panel has-aria-invalid:border-failed">
          <div
            ref={gutter}
            aria-hidden
            className={cx(
              'overflow-hidden bg-sunken py-2 text-right text-ink-2 select-none',
              LEADING,
            )}
          >
            {Array.from({ length: lines }, (_, line) => (
              <div
                key={line}
                className={cx('px-2', line + 1 === faultyLine && 'bg-failed-soft text-failed')}
              >
                {line + 1}
              </div>
            ))}
          </div>
          <textarea
            {...ids}
            value={value}
            spellCheck={false}
            autoCapitalize="off"
            wrap="off"
            onChange={(event) => onChange(event.target.value)}
            onScroll={({ currentTarget }) => {
              if (gutter.current) gutter.current.scrollTop = currentTarget.scrollTop;
            }}
            className={cx('min-w-0 grow resize-none bg-transparent p-2 text-ink', LEADING)}
          />
        </div>
      )}
    </Field>
  );
}
