import { grantInWords, useAgentNames, useGrants } from '../directory.ts';
import type { Names } from './saying.ts';

/** Names of what policies apply to. */
export function useNames(): Names {
  const agent = useAgentNames();
  const { rows } = useGrants();
  return {
    agent,
    grant: (id) => {
      const row = rows.find(({ grant_id }) => grant_id === id);
      return row ? grantInWords(row) : id;
    },
  };
}
