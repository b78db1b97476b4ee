import { useSearch } from '@tanstack/react-router';
import { Download, ExternalLink } from 'lucide-react';
import { useState } from 'react';

import { addressOf, withApp } from '../../shared/api/client.ts';
import { useGet } from '../../shared/api/queries.ts';
import type { Page as PageOf } from '../../shared/api/types.ts';
import { buttonClass } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { SelectField, TextField } from '../../shared/ui/field.tsx';
import { Card, Page } from '../../shared/ui/page.tsx';
import { useAgents } from '../directory.ts';
import { RangePicker, usePeriod } from '../range/range-picker.tsx';
import { one, type Search } from '../search.ts';
import { useParam } from '../use-param.ts';
import { KINDS, PARAMETERS, type ReportKind } from './kinds.ts';

const PRESET = '30d';
const WHOLE = { limit: '1000' };

/** The questions of auditors, each answered in one document. */
export function ReportsPage() {
  const [value, setValue] = useParam('kind');
  const kind = KINDS.find((one) => one.value === value) ?? (KINDS[0] as ReportKind);
  return (
    <Page
      title="Reports"
      about="Documents that answer one question. Each is on the record, and can be checked against the ledger."
    >
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[20rem_1fr]">
        <fieldset className="flex flex-col gap-2">
          <legend className="sr-only">Which report</legend>
          {KINDS.map((one) => (
            <KindChoice
              key={one.value}
              kind={one}
              checked={one === kind}
              onChoose={() => setValue(one.value)}
            />
          ))}
        </fieldset>
        <Ask key={kind.value} kind={kind} />
      </div>
    </Page>
  );
}

interface KindChoiceProps {
  readonly kind: ReportKind;
  readonly checked: boolean;
  readonly onChoose: () => void;
}

function KindChoice({ kind, checked, onChoose }: KindChoiceProps) {
  return (
    <label
      className={cx(
        'grid cursor-pointer grid-cols-[auto_1fr] gap-x-2 rounded-lg border bg-panel px-3 py-2 hover:bg-sunken',
        'has-focus-visible:outline-2 has-focus-visible:outline-accent',
        checked ? 'border-accent' : 'border-line',
      )}
    >
      <input
        type="radio"
        name="kind"
        value={kind.value}
        checked={checked}
        onChange={onChoose}
        className="mt-1 accent-accent"
      />
      <span className="font-medium">{kind.title}</span>
      <span className="col-start-2 text-xs text-ink-2">{kind.about}</span>
    </label>
  );
}

/** Whom and which time it is about, and the document. */
function Ask({ kind }: { readonly kind: ReportKind }) {
  const period = usePeriod(PRESET);
  const search: Search = useSearch({ strict: false });
  const { subject } = kind;
  const parameter = subject === 'nobody' ? undefined : PARAMETERS[subject];
  const given = parameter && one(search, parameter);
  const query = { ...period, ...(parameter && given ? { [parameter]: given } : {}) };
  const isReady = given !== undefined || subject === 'anyone' || subject === 'nobody';
  return (
    <Card className="flex flex-col gap-4">
      <h2 className="text-base font-semibold">{kind.title}</h2>
      {subject === 'nobody' ? null : <SubjectField subject={subject} />}
      <div>
        <span className="mb-1 block text-sm font-medium">Time</span>
        <RangePicker preset={PRESET} />
      </div>
      {isReady ? (
        <Documents kind={kind} query={query} />
      ) : (
        <p className="text-ink-2">Say first whom or what it is about.</p>
      )}
    </Card>
  );
}

interface DocumentsProps {
  readonly kind: ReportKind;
  readonly query: Readonly<Record<string, string>>;
}

function Documents({ kind, query }: DocumentsProps) {
  const path = `/v1/reports/${kind.value}`;
  const address = (format: string) => addressOf(path, withApp({ ...query, format }));
  const hasBundle = kind.subject === 'person' || kind.subject === 'agent';
  return (
    <>
      <div className="flex flex-wrap gap-2">
        <a
          href={address('html')}
          target="_blank"
          rel="noreferrer"
          className={buttonClass('primary')}
        >
          <ExternalLink aria-hidden /> Open the report
        </a>
        <a href={address('json')} download className={buttonClass()}>
          <Download aria-hidden /> JSON
        </a>
        {hasBundle ? (
          <a
            href={addressOf('/v1/events/bundle', withApp(query))}
            download
            className={buttonClass()}
          >
            <Download aria-hidden /> Evidence
          </a>
        ) : null}
      </div>
      <p className="text-xs text-ink-3">
        The report opens in a new tab as a page without scripts; print it there for a PDF. JSON has
        the whole entries.
        {hasBundle
          ? ' Evidence has the entries with their proofs: affidavit verify checks them without this server.'
          : ''}
      </p>
    </>
  );
}

function SubjectField({ subject }: { readonly subject: Exclude<ReportKind['subject'], 'nobody'> }) {
  if (subject === 'agent') return <AgentField />;
  if (subject === 'secret') return <SecretField />;
  return <PersonField optional={subject === 'anyone'} />;
}

function PersonField({ optional }: { readonly optional: boolean }) {
  const [user, setUser] = useParam('user');
  const [text, setText] = useState(user ?? '');
  const change = (value: string) => {
    setText(value);
    setUser(value.trim() || undefined, { replace: true });
  };
  return (
    <TextField
      label={optional ? 'Person, if it is about one' : 'Person'}
      hint="The id or the e-mail address; other names that grants tell of are found too."
      placeholder="alice@example.com"
      value={text}
      onChange={change}
    />
  );
}

function AgentField() {
  const [agent, setAgent] = useParam('agent');
  const { rows } = useAgents();
  const options = rows.map(({ agent_id, name }) => ({ value: agent_id, label: name }));
  const isListed = agent === undefined || rows.some(({ agent_id }) => agent_id === agent);
  return (
    <SelectField
      label="Agent"
      value={agent ?? ''}
      onChange={(value) => setAgent(value || undefined)}
      options={[
        { value: '', label: 'Choose an agent' },
        ...(isListed ? [] : [{ value: agent, label: agent }]),
        ...options,
      ]}
    />
  );
}

interface SecretRow {
  readonly secret_id: string;
  readonly provider: string;
  readonly name: string;
}

function SecretField() {
  const [secret, setSecret] = useParam('secret_id');
  const secrets = useGet<PageOf<SecretRow>>('/v1/secrets', WHOLE);
  const rows = secrets.data?.data ?? [];
  return (
    <SelectField
      label="Secret"
      hint={secrets.data && rows.length === 0 ? 'No secret is stored.' : undefined}
      value={secret ?? ''}
      onChange={(value) => setSecret(value || undefined)}
      options={[
        { value: '', label: 'Choose a secret' },
        ...rows.map(({ secret_id, provider, name }) => ({
          value: secret_id,
          label: `${name} of ${provider}`,
        })),
      ]}
    />
  );
}
