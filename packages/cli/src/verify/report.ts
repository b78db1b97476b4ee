import { plain, thousands } from '../format/plain.ts';
import type { Style } from '../format/style.ts';
import type { Anchor, Damage, Finding } from './finding.ts';

/** A finding for a person. */

const ANCHORS: Readonly<Record<Anchor, string>> = {
  given: '',
  file:
    'The key was taken from the file itself: whoever made the file could have made it too.\n' +
    '  Give the verifier key that you know with --vkey.',
  server:
    'The key was taken from the server that is checked.\n' +
    '  Give the verifier key that you know with --vkey.',
};

const OTHER_KEY =
  'If the ledger has changed its key since, give the one of that time;\n' +
  '  GET /v1/ledger/keys proves how its keys follow each other.';

const isUnsigned = ({ anchor, broken }: Finding): boolean =>
  anchor === 'given' && broken.some(({ reason }) => reason === 'unsigned');

const list = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`  ${title}`, ...lines.map((line) => `    - ${line}`)];

function damageLine({ seq, member, message }: Damage): string {
  const where = [seq === null ? '' : `entry ${seq}`, plain(member)].filter(Boolean).join(', ');
  return where === '' ? message : `${where}: ${message}`;
}

export function report(finding: Finding, style: Style): string[] {
  const { ok, kind, origin, size, cosigned_by, anchor } = finding;
  const head = ok
    ? `${style.green('✔ sound')}: ${finding.summary}`
    : `${style.red('✘ BROKEN')}: this ${kind} does not hold`;
  const under =
    origin === null ? [] : [`  ledger ${plain(origin)}, ${thousands(size ?? 0)} entries`];
  return [
    head,
    ...under,
    ...(cosigned_by.length > 0 ? [`  cosigned by ${cosigned_by.map(plain).join(', ')}`] : []),
    ...list('broken', finding.broken.map(damageLine)),
    ...list('proved', finding.proved),
    ...list('not proved', finding.not_proved),
    ...(ANCHORS[anchor] === '' ? [] : [`${style.yellow('!')} ${ANCHORS[anchor]}`]),
    ...(isUnsigned(finding) ? [`${style.yellow('!')} ${OTHER_KEY}`] : []),
  ];
}
