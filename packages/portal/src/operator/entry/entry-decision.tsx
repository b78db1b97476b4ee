import { plain } from '@affidavit/schema/plain';
import { denialOf } from '@affidavit/schema/sentence';
import { Link } from '@tanstack/react-router';

import type { Entry } from '../../shared/api/types.ts';
import { Badge, inWords } from '../../shared/ui/badge.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { LinkButton } from '../../shared/ui/link-button.tsx';
import { LINK } from '../links.tsx';
import { Part } from './part.tsx';

/** Rules that are built in are explained on the page of all policies. */
function PolicyLink({ id, name }: { readonly id: string; readonly name?: string | undefined }) {
  if (id.startsWith('builtin:')) {
    return (
      <Link to="/policies" hash={id} className={LINK}>
        {plain(id)}
      </Link>
    );
  }
  if (!id.startsWith('pol_')) return <span>{plain(name ?? id)}</span>;
  return (
    <Link to="/policies/$policyId" params={{ policyId: id }} className={LINK}>
      {plain(name ?? id)}
    </Link>
  );
}

function nameIn(context: unknown): string | undefined {
  const { policy } = (context ?? {}) as { policy?: { name?: unknown } };
  return typeof policy?.name === 'string' ? policy.name : undefined;
}

/** Whether it was allowed, which policies were looked at, and with what they were compared. */
export function DecisionSection({ entry }: { readonly entry: Entry }) {
  const { policy_decision: decision, policy_id, policies_checked, policy_context } = entry;
  const { governance_status: governance } = entry;
  if (decision === undefined && policy_id === undefined && governance === undefined) return null;
  const name = nameIn(policy_context);
  return (
    <Part title="Decision">
      <Facts>
        <Fact name="Decision">
          {decision === undefined ? undefined : (
            <Badge tone={decision === 'ALLOW' ? 'good' : 'refused'}>
              {decision === 'ALLOW' ? 'allowed' : 'denied'}
            </Badge>
          )}
        </Fact>
        <Fact name="Why">{decision === 'DENY' ? denialOf(entry) : undefined}</Fact>
        <Fact name="Decided by">
          {policy_id === undefined ? undefined : <PolicyLink id={policy_id} name={name} />}
        </Fact>
        <Fact name="Looked at">
          {policies_checked === undefined || policies_checked.length === 0 ? undefined : (
            <ul className="flex flex-wrap gap-x-3">
              {policies_checked.map((id) => (
                <li key={id}>
                  <PolicyLink id={id} name={id === policy_id ? name : undefined} />
                </li>
              ))}
            </ul>
          )}
        </Fact>
        <Fact name="Governance">{governance === undefined ? undefined : inWords(governance)}</Fact>
      </Facts>
      <Mend entry={entry} />
      {policy_context === undefined ? null : (
        <details className="mt-2">
          <summary className="cursor-pointer text-ink-2 hover:text-ink">What was compared</summary>
          <Json value={policy_context} className="mt-2" />
        </details>
      )}
    </Part>
  );
}

/** From what was refused to the policy that refused it, with the call to try a change on. */
function Mend({ entry: { policy_decision, policy_id, execution_id } }: { readonly entry: Entry }) {
  if (policy_decision !== 'DENY' || !policy_id?.startsWith('pol_')) return null;
  return (
    <div className="mt-3">
      <LinkButton
        to="/policies/$policyId"
        params={{ policyId: policy_id }}
        search={{ test: execution_id }}
      >
        Try a change of this policy on this call
      </LinkButton>
    </div>
  );
}
