import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';

import { addressOf, withApp } from '../../shared/api/client.ts';
import { buttonClass } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { inWords } from '../../shared/ui/badge.tsx';
import type { Search } from '../search.ts';
import { useWhoami } from '../session.ts';
import { fromField, toField } from './times.ts';

/** Parameters of this page that are no filter of the trail. */
const OWN = new Set(['what', 'from', 'to', 'first', 'last', 'seq', 'event']);

/** Files that somebody else can check, without this server and without its page. */
export function TakeAway() {
  const search: Search = useSearch({ strict: false });
  const [from, setFrom] = useState(() => isoOf(search['from']));
  const [to, setTo] = useState(() => isoOf(search['to']));
  const filter = Object.fromEntries(Object.entries(search).filter(([name]) => !OWN.has(name)));
  const times = { from, to };
  const { scopes = [] } = useWhoami().data ?? {};
  const mayRead = scopes.includes('admin') || scopes.includes('events:read');
  const isWrong = from !== undefined && to !== undefined && to <= from;
  const bundle = addressOf('/v1/events/bundle', withApp({ ...filter, ...times }));
  const proof = addressOf('/v1/ledger/range', withApp({ ...times, format: 'ndjson' }));
  return (
    <Section
      title="Take it away"
      about="Both files can be checked offline by anybody who has the verifier key. An open end is the end of the ledger."
    >
      <Card>
        <div className="mb-4 flex flex-wrap items-end gap-3">
          <TextField
            label="From"
            type="datetime-local"
            step="1"
            value={toField(from)}
            onChange={(text) => setFrom(fromField(text))}
          />
          <TextField
            label="To"
            type="datetime-local"
            step="1"
            value={toField(to)}
            onChange={(text) => setTo(fromField(text))}
            error={isWrong ? 'The end is not after the beginning.' : null}
          />
        </div>
        {Object.keys(filter).length > 0 ? <FilterNote filter={filter} /> : null}
        <div className="grid gap-4 md:grid-cols-2">
          {mayRead ? (
            <Download href={bundle} name="Download evidence bundle">
              The entries with their contents, each with its proof: a file for an auditor. It holds
              whatever the entries hold.
            </Download>
          ) : null}
          <Download href={proof} name="Download range proof" file="affidavit-range.ndjson">
            Only the headers: that nothing was changed or left out in this time, without showing any
            of it.
          </Download>
        </div>
      </Card>
    </Section>
  );
}

const isoOf = (value: Search[string]) =>
  typeof value === 'string' && value !== '' && !Number.isNaN(Date.parse(value)) ? value : undefined;

function FilterNote({ filter }: { readonly filter: Search }) {
  const said = Object.entries(filter).map(
    ([name, value]) => `${inWords(name)}: ${[value].flat().join(' or ')}`,
  );
  return (
    <p className="mb-4 break-words text-ink-2">
      The bundle holds only what this filter of the trail finds: {said.join('; ')}.
    </p>
  );
}

interface DownloadProps {
  readonly href: string;
  readonly name: string;
  readonly file?: string;
  readonly children: string;
}

function Download({ href, name, file = '', children }: DownloadProps) {
  return (
    <div className="flex flex-col items-start gap-2">
      <p className="grow text-ink-2">{children}</p>
      <a href={href} download={file} className={buttonClass()}>
        {name}
      </a>
    </div>
  );
}
