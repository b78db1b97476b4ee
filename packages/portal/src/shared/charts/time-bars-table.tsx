import { useState } from 'react';

import { count } from '../format/number.ts';
import { shortTime } from '../format/time.ts';
import type { TimeBarsProps } from './time-bars.tsx';

/** The same counts for who does not see bars, or has no mouse; each row can be chosen. */
export function TimeBarsTable({ label, stacks, bars, onSelect }: TimeBarsProps) {
  const [isOpen, setIsOpen] = useState(false);
  const filled = bars.filter(({ counts }) => counts.some((one) => one > 0));
  return (
    <details className="text-xs" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary className="w-fit cursor-pointer text-ink-3 hover:text-ink">Show as a table</summary>
      {isOpen ? (
        <div
          className="mt-1 max-h-56 overflow-auto rounded border border-line bg-panel"
          tabIndex={0}
          role="region"
          aria-label={`${label}, as a table`}
        >
          <table className="w-full text-left tabular-nums">
            <thead className="text-ink-3">
              <tr>
                <th scope="col" className="px-3 py-1.5 font-medium">
                  From
                </th>
                {stacks.map(({ name }) => (
                  <th key={name} scope="col" className="px-3 py-1.5 text-right font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {filled.map(({ from, to, counts }) => (
                <tr key={from} className="border-t border-line">
                  <th scope="row" className="px-3 py-1 font-normal">
                    <button
                      type="button"
                      onClick={() => onSelect(from, to)}
                      className="text-accent hover:underline"
                    >
                      {shortTime(from)}
                    </button>
                  </th>
                  {stacks.map(({ name }, place) => (
                    <td key={name} className="px-3 py-1 text-right">
                      {count(counts[place] ?? 0)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </details>
  );
}
