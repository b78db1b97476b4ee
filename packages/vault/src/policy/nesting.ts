/**
 * How deeply a Cedar text nests. Cedar recurses over its syntax on a 1 MB WebAssembly stack,
 * and overrunning that stack breaks the instance for good: in version 4.13, about 140 nested
 * brackets while parsing, or 500 chained operators while evaluating a policy that passed
 * validation. So the text is measured before Cedar sees it, and the syntax tree after that.
 */

export const NESTING_LIMITS = {
  brackets: 40,
  /** Operators on the way from a statement to its deepest part, by the text alone. */
  operators: 1000,
  /** `if`s on the same way. */
  conditionals: 50,
  /** Levels of the syntax tree. */
  levels: 150,
  /** `when` and `unless` clauses of one statement. */
  clauses: 50,
} as const;

/** Strings and comments are skipped whole, so that what is quoted does not count. */
const TOKEN =
  /"(?:\\[^]|[^"\\])*"?|\/\/[^\n\r]*|[([{]|[)\]}]|[,;]|&&|\|\||[=!<>]=|[<>!+*.-]|\b(?:has|like|in|is|if)\b/g;

/** One open bracket: what stands in it so far, and the deepest of what was closed in it. */
interface Frame {
  operators: number;
  conditionals: number;
  innerOperators: number;
  innerConditionals: number;
}

const emptyFrame = (): Frame => ({
  operators: 0,
  conditionals: 0,
  innerOperators: 0,
  innerConditionals: 0,
});

/** Takes the innermost frame away and counts it towards the one around it. */
function closeFrame(frames: Frame[]): void {
  if (frames.length < 2) return;
  const closed = frames.pop() ?? emptyFrame();
  const around = frames.at(-1) ?? emptyFrame();
  around.innerOperators = Math.max(
    around.innerOperators,
    closed.operators + closed.innerOperators + 1,
  );
  around.innerConditionals = Math.max(
    around.innerConditionals,
    closed.conditionals + closed.innerConditionals,
  );
}

function takeToken(frames: Frame[], token: string): void {
  if (token.startsWith('"') || token.startsWith('//')) return;
  const top = frames.at(-1) ?? emptyFrame();
  if ('([{'.includes(token)) frames.push(emptyFrame());
  else if (')]}'.includes(token)) closeFrame(frames);
  else if (token === 'if') top.conditionals += 1;
  else if (token !== ',' && token !== ';') top.operators += 1;
  else if (frames.length === 1) Object.assign(top, emptyFrame());
}

function measureFault({ operators, conditionals, innerOperators, innerConditionals }: Frame) {
  if (conditionals + innerConditionals > NESTING_LIMITS.conditionals) {
    return `more than ${NESTING_LIMITS.conditionals} nested conditionals`;
  }
  if (operators + innerOperators <= NESTING_LIMITS.operators) return null;
  return `more than ${NESTING_LIMITS.operators} operators in one expression`;
}

/** What nests too deeply in a text that anyone may have written, or null. Linear in its length. */
export function nestingFault(text: string): string | null {
  const frames: Frame[] = [emptyFrame()];
  for (const [token] of text.matchAll(TOKEN)) {
    const fault =
      token === ';' || token === ',' ? measureFault(frames.at(-1) ?? emptyFrame()) : null;
    if (fault !== null) return fault;
    takeToken(frames, token);
    if (frames.length > NESTING_LIMITS.brackets) {
      return `more than ${NESTING_LIMITS.brackets} nested brackets`;
    }
  }
  while (frames.length > 1) closeFrame(frames);
  return measureFault(frames[0] ?? emptyFrame());
}
