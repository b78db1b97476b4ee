/** From what a person sends to a policy that can be kept: templates to Cedar, strictly checked. */
import {
  AffidavitError,
  POLICY_LIMITS,
  PolicyAppliesTo as AppliesTo,
  PolicyTemplate as Template,
} from '@affidavit/schema';
import type { PolicyAppliesTo, PolicyTemplate } from '@affidavit/schema';
import { CedarTrap, withCedar } from './cedar.ts';
import type { Cedar } from './cedar.ts';
import { cedarSchema } from './context.ts';
import { readPolicyText } from './syntax.ts';
import type { Statement, SyntaxFault } from './syntax.ts';
import { templateToCedar } from './templates.ts';

export interface CedarPolicyInput {
  readonly name: string;
  readonly cedar: string;
}

export interface TemplatePolicyInput {
  readonly name: string;
  readonly template: PolicyTemplate;
  readonly applies_to?: PolicyAppliesTo;
}

export interface CompiledPolicy {
  /** The text that is kept and that decides. */
  readonly cedar: string;
  readonly template?: PolicyTemplate;
  readonly applies_to?: PolicyAppliesTo;
  /** What is allowed but probably not meant, for the person who saves the policy. */
  readonly warnings: readonly string[];
}

type ValidationError = Extract<
  ReturnType<Cedar['validate']>,
  { type: 'success' }
>['validationErrors'][number]['error'];

/** Cedar counts bytes; people count lines and columns, both from 1. */
function position(text: string, byteOffset: number) {
  const before = Buffer.from(text).subarray(0, byteOffset).toString().split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1, offset: byteOffset };
}

/** Cedar names statements by ids it made up; the position says more. */
const withoutStatementId = (message: string) => message.replace(/^for policy `policy\d+`, /, '');

function refuse(text: string, { message, expected, error }: SyntaxFault): never {
  const location = error?.sourceLocations?.[0];
  const at = location === undefined ? undefined : position(text, location.start);
  const where = at === undefined ? '' : ` (line ${at.line}, column ${at.column})`;
  const wanted =
    expected ?? location?.label?.replace(/^expected /, '') ?? error?.help ?? 'a valid Cedar policy';
  throw new AffidavitError('invalid_request', `${withoutStatementId(message)}${where}`, {
    field: 'cedar',
    expected: wanted,
    ...(at === undefined ? {} : { extra: { position: at } }),
  });
}

const asFault = (error: ValidationError): SyntaxFault => ({ message: error.message, error });

/** Strict validation against the schema; returns Cedar's warnings. */
function validate(text: string, statements: readonly Statement[]): string[] {
  const zones = [...new Set(statements.flatMap((statement) => [...statement.zones]))];
  const answer = withCedar((cedar) =>
    cedar.validate({ schema: cedarSchema(zones), policies: { staticPolicies: text } }),
  );
  if (answer.type === 'failure') {
    return refuse(text, answer.errors[0] ? asFault(answer.errors[0]) : { message: 'not valid' });
  }
  const [first] = answer.validationErrors;
  if (first !== undefined) return refuse(text, asFault(first.error));
  return answer.validationWarnings.map(({ error }) => withoutStatementId(error.message));
}

const PERMIT_WARNING =
  'a permit has no effect of its own: delegation permits, so write what must not happen as forbid';

function checkCedar(text: string): string[] {
  const statements = readPolicyText(text);
  if ('message' in statements) return refuse(text, statements);
  try {
    const warnings = validate(text, statements);
    const permits = statements.some(({ effect }) => effect === 'permit');
    return permits ? [...warnings, PERMIT_WARNING] : warnings;
  } catch (error) {
    if (!(error instanceof CedarTrap)) throw error;
    return refuse(text, { message: error.message, expected: 'a simpler expression' });
  }
}

interface Issue {
  readonly message: string;
  readonly path: readonly PropertyKey[];
}

function issueField(root: string, path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return root + steps.join('');
}

function refuseIssue(root: string, issue: Issue | undefined): never {
  const field = issueField(root, issue?.path ?? []);
  throw new AffidavitError('invalid_request', `${field} is not valid`, {
    field,
    expected: issue?.message ?? 'a valid value',
  });
}

function checkName(name: unknown): void {
  const most = POLICY_LIMITS.nameCharacters;
  if (typeof name === 'string' && name.length > 0 && name.length <= most) return;
  throw new AffidavitError('invalid_request', 'the name of the policy is not valid', {
    field: 'name',
    expected: `1 to ${most} characters`,
  });
}

function compileTemplate(input: TemplatePolicyInput): CompiledPolicy {
  const template = Template.safeParse(input.template);
  if (!template.success) return refuseIssue('template', template.error.issues[0]);
  const appliesTo = AppliesTo.safeParse(input.applies_to ?? {});
  if (!appliesTo.success) return refuseIssue('applies_to', appliesTo.error.issues[0]);
  const cedar = templateToCedar(input.name, template.data, appliesTo.data);
  const warnings = checkCedar(cedar);
  const narrowed = input.applies_to === undefined ? {} : { applies_to: appliesTo.data };
  return { cedar, template: template.data, ...narrowed, warnings };
}

/**
 * Checks a policy and returns it as it is kept. Throws `invalid_request` with `field` (`cedar`,
 * `template.from`, `applies_to.agent_id`, …) and `expected`; for Cedar the message is Cedar's
 * own, and `extra.position` is `{line, column, offset}`.
 */
export function compilePolicy(input: CedarPolicyInput | TemplatePolicyInput): CompiledPolicy {
  checkName(input.name);
  const hasCedar = 'cedar' in input && input.cedar !== undefined;
  const hasTemplate = 'template' in input && input.template !== undefined;
  if (hasCedar === hasTemplate || (hasCedar && typeof input.cedar !== 'string')) {
    throw new AffidavitError('invalid_request', 'the policy is neither Cedar nor a template', {
      field: hasCedar ? 'cedar' : 'template',
      expected: 'either cedar (a text) or template',
    });
  }
  if ('template' in input) return compileTemplate(input);
  return { cedar: input.cedar, warnings: checkCedar(input.cedar) };
}
