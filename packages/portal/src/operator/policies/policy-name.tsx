import { Link } from '@tanstack/react-router';

import { useList } from '../../shared/api/queries.ts';
import type { Policy } from './types.ts';

const LOOK = 'text-accent underline-offset-2 hover:underline';

/** What decided, by its name, as a way to it. Built-in rules are explained on the page of all policies. */
export function PolicyName({ id }: { readonly id: string }) {
  const { rows } = useList<Policy>('/v1/policies', { limit: 1000 });
  if (id.startsWith('builtin:')) {
    return (
      <Link to="/policies" hash={id} className={LOOK}>
        {id}
      </Link>
    );
  }
  return (
    <Link to="/policies/$policyId" params={{ policyId: id }} className={LOOK}>
      {rows.find(({ policy_id }) => policy_id === id)?.name ?? id}
    </Link>
  );
}
