import { sentenceOf, type AuditRecord } from '@affidavit/schema';

import type { Writer } from './frame.ts';
import { titleOf } from './tally.ts';

/** A report as one JSON object, written piece by piece. */

/** The whole record, and its sentence. */
export function rowJson(record: AuditRecord): string {
  const { who, what, forWhom, credential, why, result } = sentenceOf(record);
  const said = [who, what, forWhom, credential, why].filter(Boolean).join(' ');
  return JSON.stringify({ ...record, sentence: `${said}: ${result}.` });
}

/** The members of an object, to go on with more of them. */
const members = (value: object) => JSON.stringify(value).slice(0, -1);

export const JSON_WRITER: Writer = {
  head: ({ kind, outline, ...frame }) => {
    const { title, question, notes } = outline;
    return members({ report: kind, title, question, notes, ...frame });
  },
  summary: ({ outline }, { counts, groups, facts }) => {
    const totals = JSON.stringify({
      totals: counts,
      grouped_by: outline.groupBy.map(titleOf),
      groups: groups.map(({ names, counts: of }) => ({ names, ...of })),
      facts: Object.fromEntries(facts.map(({ id, rows }) => [id, Object.fromEntries(rows)])),
    });
    return `,${totals.slice(1, -1)},"sections":[`;
  },
  openSection: ({ title, about, counts }, index) =>
    `${index === 0 ? '' : ','}\n${members({ title, about, counts })},"entries":[\n`,
  betweenRows: ',\n',
  closeSection: () => ']}',
  end: (_, { missing }) => `],"removed_meanwhile":${missing}}\n`,
};
