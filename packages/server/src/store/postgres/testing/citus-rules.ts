/**
 * What Citus 12 and 13 refuse of a statement, or run on every machine where one has the rows: a
 * fake made from Citus's own rules, since Citus itself cannot be had here. The messages are its own
 * (citusdata/citus: planner/multi_router_planner.c, multi_logical_planner.c,
 * relation_restriction_equivalence.c and query_pushdown_planning.c; commands/utility_hook.c,
 * variableset.c and trigger.c; worker/worker_data_fetch_protocol.c). It looks at the text alone.
 */
import { BY_APP } from '../citus.ts';

const CUT: ReadonlySet<string> = new Set(BY_APP);

/** Statements that name no app, and why they may: each goes to all machines, and is rare. */
const EVERYWHERE_ON_PURPOSE: readonly RegExp[] = [
  // An erasure, of the answer that was kept of a call.
  /^update "idempotency" set .* where "execution_id" = \$\d+$/,
];

const BINDS_APP = /\bapp"? (?:= (?:\$\d|\d)|in \()/i;
const CORRELATES_APP = /\bapp"? = "?\w+"?\."?app\b/i;
const VOLATILE = /\b(?:now|clock_timestamp|random|nextval|gen_random_uuid)\s*\(|current_timestamp/i;

/** Why Citus would refuse the text, in its words where it has some; null where it takes it. */
export function refusal(message: string): string | null {
  const text = message
    .replaceAll(/\$(\w*)\$[^]*?\$\1\$|--[^\n]*/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const cut = cutTables(text);
  if (/;\s*\S/.test(text)) return severalRefusal(text, cut);
  if (cut.length === 0 || EVERYWHERE_ON_PURPOSE.some((known) => known.test(text))) return null;
  if (/^insert/i.test(text)) return insertRefusal(text);
  if (/^(?:update|delete)/i.test(text)) return changeRefusal(text);
  return /^(?:select|with)/i.test(text) ? selectRefusal(text) : null;
}

/** The distributed tables that a text reads or writes, each as often as it does. */
function cutTables(text: string): string[] {
  const named = text.matchAll(/\b(?:from|join|into|update|table) (?:only )?"?(\w+)"?/gi);
  return [...named].map(([, name = '']) => name).filter((name) => CUT.has(name));
}

function severalRefusal(text: string, cut: readonly string[]): string | null {
  if (/\bset local\b/i.test(text) && !/^begin/i.test(text)) return 'the message is passed on whole';
  const isDefinition = /\b(?:create|alter|drop|grant)\b/i.test(text);
  return isDefinition && cut.length > 0 ? 'cannot execute multiple utility events' : null;
}

function insertRefusal(text: string): string | null {
  // Without a list of columns it is by position, and `app` is the first.
  const [, columns = 'app'] = /^insert into "?\w+"?(?: as \w+)? \(([^)]*)\)/i.exec(text) ?? [];
  if (!/\bapp\b/.test(columns)) return 'cannot perform an INSERT without a partition column value';
  const [, met = ''] = / on conflict (.*)/i.exec(text) ?? [];
  if (VOLATILE.test(met)) return 'functions used in the DO UPDATE SET clause must be IMMUTABLE';
  if (met.startsWith('(') && !/^\([^)]*\bapp\b/.test(met)) return 'the conflict target has no app';
  return /\bset "?app"? =/i.test(met) ? 'modifying the partition value of rows' : null;
}

function changeRefusal(text: string): string | null {
  const [set = '', where = ''] = text.split(/ where /i);
  if (/[ ,]"?app"? =/i.test(set)) return 'modifying the partition value of rows is not allowed';
  if (VOLATILE.test(text)) return 'functions used must not be VOLATILE';
  return BINDS_APP.test(where) ? null : 'goes to every machine';
}

function selectRefusal(text: string): string | null {
  const binds = BINDS_APP.test(text);
  if (/ for (?:no key )?(?:update|share|key share)\b/i.test(text)) {
    const isOne = binds && !/ join /i.test(text);
    return isOne ? null : 'could not run distributed query with FOR UPDATE/SHARE commands';
  }
  const joins = text.split(/ (?:inner|left|right|full|cross)?\s?join /i).slice(1);
  for (const join of joins) {
    if (
      cutTables(`from ${join}`).length > 0 &&
      !CORRELATES_APP.test(join.split(/ where /i)[0] ?? '')
    )
      return 'complex joins are only supported when joined on their distribution columns';
  }
  if (binds) return null;
  if (/\bunion\b|\bover \(|^with |lateral/i.test(text)) return 'cannot be pushed down without app';
  const inner = /\(\s?select (.*)/i.exec(text)?.[1];
  return inner !== undefined && cutTables(inner).length > 0
    ? 'correlated or alone: a subquery'
    : null;
}
