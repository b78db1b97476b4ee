import { useState } from 'react';

import { call, post } from '../../shared/api/client.ts';
import { useChange, useGet } from '../../shared/api/queries.ts';
import { plural } from '../../shared/format/number.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { CheckField, SelectField, TextArea, TextField } from '../../shared/ui/field.tsx';
import { faultOf, Form } from '../../shared/ui/form.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { Answer } from '../../shared/ui/states.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { IN_TEXT, TrailLink } from '../links.tsx';
import { useMayChange } from '../session.ts';
import { idsOf, toIso } from './choices.ts';

interface Retention {
  readonly days: number | null;
  readonly default_days: number;
  readonly updated_at: string;
  readonly clock_doubt: string | null;
}

interface Swept {
  readonly deleted: number;
  readonly held: number;
  readonly done: boolean;
  readonly after?: number;
}

const PATH = '/v1/retention';

export function RetentionSettings() {
  const retention = useGet<Retention>(PATH);
  return <Answer of={retention}>{(one) => <Parts of={one} key={one.updated_at} />}</Answer>;
}

function Parts({ of }: { readonly of: Retention }) {
  const mayChange = useMayChange();
  const days = of.days === null ? 'for ever' : `for ${plural(of.days, 'day')}`;
  return (
    <>
      <Section
        title="Retention"
        about={
          <>
            Contents of entries are kept {days}. The ledger and every proof stay sound when they go.
            Last changed <Time at={of.updated_at} />.
          </>
        }
      >
        {mayChange ? <Window of={of} /> : null}
      </Section>
      {mayChange ? <Sweep of={of} /> : null}
      {mayChange ? <Extend /> : null}
    </>
  );
}

function Window({ of }: { readonly of: Retention }) {
  const [kind, setKind] = useState(of.days === null ? 'ever' : 'days');
  const [days, setDays] = useState(String(of.days ?? of.default_days));
  const change = useChange<void>({
    mutationFn: () => call('PUT', PATH, { body: { days: kind === 'ever' ? null : Number(days) } }),
    changes: [PATH],
    done: 'Saved. Shortening takes effect at the next sweep.',
    inForm: true,
  });
  return (
    <Card className="max-w-xl">
      <Form
        action="Save"
        busy={change.isPending}
        error={change.error}
        onSubmit={() => change.mutate()}
      >
        <SelectField
          label="Keep entries"
          value={kind}
          onChange={setKind}
          options={[
            { value: 'days', label: 'For a number of days' },
            { value: 'ever', label: 'For ever' },
          ]}
        />
        {kind === 'days' ? (
          <TextField
            label="Days"
            type="number"
            min={0}
            max={36_500}
            step="any"
            required
            value={days}
            onChange={setDays}
            error={faultOf(change.error, 'days')}
            hint={`${of.default_days} unless somebody says otherwise. 0 keeps nothing beyond the next sweep.`}
          />
        ) : null}
      </Form>
    </Card>
  );
}

function Sweep({ of }: { readonly of: Retention }) {
  const [isOpen, setOpen] = useState(false);
  const [isRight, setRight] = useState(false);
  const sweep = useChange<void, Swept>({
    mutationFn: () => post(`${PATH}/sweep`, isRight ? { accept_clock: true } : {}),
    changes: [PATH],
    done: ({ deleted, held, done }) =>
      `${plural(deleted, 'entry', 'entries')} swept, ${held} on hold${done ? '' : '; more is left for the next sweep'}.`,
    onSuccess: () => setOpen(false),
  });
  return (
    <Section
      title="Sweep now"
      about={
        <>
          What is older than is kept goes once a day by itself.{' '}
          <TrailLink filter={{ event_type: 'retention.swept' }} className={IN_TEXT}>
            Earlier sweeps
          </TrailLink>
        </>
      }
    >
      {of.clock_doubt ? (
        <div className="mb-3 max-w-xl rounded-md bg-refused-soft px-3 py-2 text-refused">
          <p className="mb-2 font-medium">Nothing is swept by itself: {of.clock_doubt}.</p>
          <CheckField
            label="I have looked at the clock of the server, and it is right."
            checked={isRight}
            onChange={setRight}
          />
        </div>
      ) : null}
      <Button look="danger" onClick={() => setOpen(true)}>
        Sweep now
      </Button>
      <Confirm
        open={isOpen}
        onClose={() => setOpen(false)}
        onConfirm={() => sweep.mutate()}
        title="Sweep now?"
        action="Sweep"
        busy={sweep.isPending}
      >
        Contents of entries that are older than is kept are removed for good, those on hold
        excepted. Their places in the ledger stay.
      </Confirm>
    </Section>
  );
}

function Extend() {
  const [ids, setIds] = useState('');
  const [until, setUntil] = useState('');
  const [reason, setReason] = useState('');
  const extend = useChange<void, { readonly extended: number }>({
    mutationFn: () =>
      post(`${PATH}/extend`, {
        event_ids: idsOf(ids),
        until: toIso(until),
        ...(reason.trim() === '' ? {} : { reason }),
      }),
    changes: [],
    done: ({ extended }) => `${plural(extended, 'entry', 'entries')} kept longer.`,
    onSuccess: () => setIds(''),
    inForm: true,
  });
  return (
    <Section title="Keep some entries longer" about="By their ids, up to a time of their own.">
      <Card className="max-w-xl">
        <Form
          action="Keep longer"
          busy={extend.isPending}
          error={extend.error}
          onSubmit={() => extend.mutate()}
        >
          <TextArea
            label="Ids of entries"
            required
            rows={3}
            placeholder="evt_…"
            value={ids}
            onChange={setIds}
            error={faultOf(extend.error, 'event_ids')}
            hint="One on a line, up to 1,000."
          />
          <TextField
            label="Until"
            type="datetime-local"
            required
            value={until}
            onChange={setUntil}
            error={faultOf(extend.error, 'until')}
          />
          <TextField
            label="Reason, for the record"
            value={reason}
            onChange={setReason}
            error={faultOf(extend.error, 'reason')}
          />
        </Form>
      </Card>
    </Section>
  );
}
