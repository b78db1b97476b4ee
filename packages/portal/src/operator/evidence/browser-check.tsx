import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import type { Damage, OpenedEntry } from '../../shared/verify/jobs.ts';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { useCheck, type Ledger } from '../../shared/verify/use-check.ts';
import { CheckView } from '../../shared/verify/verdict-view.tsx';
import { TrailLink } from '../links.tsx';
import type { Search } from '../search.ts';
import { addressOfAsked, askedBy, isAsked, jobOf, WHATS, type Asked } from './asked.ts';
import { fromField, toField } from './times.ts';

/** Checks that this browser makes with the ledger's own arithmetic, from a link or by hand. */
export function BrowserCheck({ ledger }: { readonly ledger: Ledger }) {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Asked>(() => askedBy(search));
  const [fault, setFault] = useState<string | null>(null);
  const check = useCheck(ledger);
  const { start } = check;
  // Who comes by a link, from an entry or from somebody else, wants to see what it asks for.
  const [linked] = useState(() => (isAsked(search) ? jobOf(asked) : null));
  useEffect(() => {
    if (linked !== null && typeof linked !== 'string') start(linked);
  }, [linked, start]);
  const keys = useMemo(
    () => [{ keys: 'c', does: 'Check the whole ledger', run: () => start({ kind: 'range' }) }],
    [start],
  );
  useShortcuts(keys);
  const submit = () => {
    const job = jobOf(asked);
    setFault(typeof job === 'string' ? job : null);
    if (typeof job === 'string') return;
    const own = addressOfAsked(asked);
    void navigate({ to: '.', search: (before: Search) => ({ ...before, ...own }), replace: true });
    start(job);
  };
  return (
    <Section
      title="Check in this browser"
      about="The browser reads the ledger and recomputes it: every hash, the chain, the tree, and the signature."
    >
      <Card>
        <form
          className="mb-4 flex flex-wrap items-end gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <AskedFields asked={asked} onChange={setAsked} fault={fault} />
          <Button type="submit" look="primary" busy={check.state.phase === 'running'}>
            Check
          </Button>
        </form>
        <CheckView check={check} Place={Place}>
          {({ entry }) => (entry && !entry.withheld ? <Contents entry={entry} /> : null)}
        </CheckView>
      </Card>
    </Section>
  );
}

interface AskedFieldsProps {
  readonly asked: Asked;
  readonly onChange: (asked: Asked) => void;
  readonly fault: string | null;
}

function AskedFields({ asked, onChange, fault }: AskedFieldsProps) {
  const { what, from, to, first = '', last = '', entry = '' } = asked;
  const set = (change: Partial<Asked>) => onChange({ ...asked, ...change });
  const time = (text: string) => fromField(text) ?? '';
  return (
    <>
      <SelectField
        label="What"
        value={what}
        onChange={(value) => onChange({ what: value as Asked['what'] })}
        options={WHATS}
      />
      {what === 'time' ? (
        <>
          <TextField
            label="From"
            type="datetime-local"
            step="1"
            value={toField(from)}
            onChange={(text) => set({ from: time(text) })}
            error={fault}
          />
          <TextField
            label="To"
            type="datetime-local"
            step="1"
            value={toField(to)}
            onChange={(text) => set({ to: time(text) })}
          />
        </>
      ) : null}
      {what === 'places' ? (
        <>
          <TextField
            label="First position"
            inputMode="numeric"
            value={first}
            onChange={(text) => set({ first: text })}
            error={fault}
          />
          <TextField
            label="Last position"
            inputMode="numeric"
            value={last}
            onChange={(text) => set({ last: text })}
          />
        </>
      ) : null}
      {what === 'entry' ? (
        <TextField
          label="Position or id of the entry"
          value={entry}
          onChange={(text) => set({ entry: text })}
          error={fault}
        />
      ) : null}
    </>
  );
}

/** To what the trail still shows of a damaged entry. */
function Place({ damage: { event_id } }: { readonly damage: Damage }) {
  if (event_id === undefined) return null;
  return (
    <TrailLink filter={{ event_id }} className="text-accent underline">
      Show the entry in the trail
    </TrailLink>
  );
}

function Contents({ entry }: { readonly entry: OpenedEntry }) {
  return (
    <div className="mt-4">
      <p className="mb-2">
        What was recorded, as the ledger commits to it:{' '}
        <TrailLink filter={{ event_id: entry.event_id }} className="text-accent underline">
          show it in the trail
        </TrailLink>
      </p>
      {Object.keys(entry.parts).length === 0 ? (
        <p className="text-ink-2">
          Nothing of it is left: it was erased, or is past retention. That it was there is proved.
        </p>
      ) : (
        <Json value={entry.parts} />
      )}
    </div>
  );
}
