import { plain } from '@affidavit/schema/plain';

import type { Entry } from '../../shared/api/types.ts';
import { duration } from '../../shared/format/time.ts';
import { Badge } from '../../shared/ui/badge.tsx';
import { CopyIconButton } from '../../shared/ui/copy.tsx';
import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Json } from '../../shared/ui/json.tsx';
import { Part } from './part.tsx';

interface SectionProps {
  readonly entry: Entry;
}

const took = (milliseconds: number | undefined) =>
  milliseconds === undefined ? undefined : duration(milliseconds);

/** What was sent to the provider and what came back. */
export function RequestSection({ entry }: SectionProps) {
  const { method, url, response_status: status, request_body, response_body } = entry;
  if ([method, url, status, request_body, response_body].every((one) => one === undefined)) {
    return null;
  }
  return (
    <Part title="Request and response">
      <Facts>
        <Fact name="Method" mono>
          {method === undefined ? undefined : plain(method)}
        </Fact>
        <Fact name="Address" mono>
          {url === undefined ? undefined : <span className="break-all">{plain(url)}</span>}
        </Fact>
        <Fact name="Status">{status}</Fact>
        <Fact name="Took">{took(entry.latency_ms)}</Fact>
        <Fact name="Repeats">{entry.retry_count || undefined}</Fact>
        <Fact name="Error" mono>
          {entry.error_code === undefined ? undefined : plain(entry.error_code)}
        </Fact>
        <Fact name="Credential">
          {entry.credential_masked ? 'was used, and taken out before anything was kept' : undefined}
        </Fact>
      </Facts>
      <Headers title="Request headers" headers={entry.request_headers} />
      <Body title="Request body" value={request_body} cut={entry.request_body_truncated} />
      <Headers title="Response headers" headers={entry.response_headers} />
      <Body title="Response body" value={response_body} cut={entry.response_body_truncated} />
    </Part>
  );
}

/** What an action was given and gave back. */
export function ActionSection({ entry }: SectionProps) {
  const { args, result, risk_level: risk, duration_ms, dry_run, idempotent } = entry;
  if ([args, result, risk, duration_ms, dry_run].every((one) => one === undefined)) return null;
  return (
    <Part title={entry.verb === undefined ? 'Arguments' : 'Action'}>
      <Facts>
        <Fact name="Risk">{risk?.toLowerCase()}</Fact>
        <Fact name="Took">{took(duration_ms)}</Fact>
        <Fact name="Dry run">{dry_run ? 'yes: nothing was to be done' : undefined}</Fact>
        <Fact name="Repeats">
          {entry.outcome === 'replayed'
            ? 'a repeat: the first result was given again'
            : idempotent
              ? 'fenced by its Idempotency-Key'
              : undefined}
        </Fact>
      </Facts>
      <Body title="Arguments" value={args} />
      <Body title="Result" value={result} />
    </Part>
  );
}

interface BodyProps {
  readonly title: string;
  readonly value: unknown;
  readonly cut?: boolean | undefined;
}

function Body({ title, value, cut }: BodyProps) {
  if (value === undefined) return null;
  const text = () => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  return (
    <div className="mt-3">
      <div className="mb-1 flex items-center gap-2">
        <h4 className="text-xs font-medium text-ink-3">{title}</h4>
        {cut ? <Badge tone="open">only the first 10 KB are kept</Badge> : null}
        <span className="ml-auto">
          <CopyIconButton what={title.toLowerCase()} text={text} />
        </span>
      </div>
      <Json value={value} />
    </div>
  );
}

interface HeadersProps {
  readonly title: string;
  readonly headers: Entry['request_headers'];
}

function Headers({ title, headers }: HeadersProps) {
  const pairs = Object.entries(headers ?? {});
  if (pairs.length === 0) return null;
  return (
    <details className="mt-3">
      <summary className="cursor-pointer text-xs font-medium text-ink-3 hover:text-ink">
        {title} ({pairs.length})
      </summary>
      <div className="mt-2 rounded-md border border-line bg-sunken p-3">
        <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1 font-mono text-[0.8125rem]">
          {pairs.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-2">{plain(name)}</dt>
              <dd className="min-w-0 break-all">{plain(value)}</dd>
            </div>
          ))}
        </dl>
      </div>
    </details>
  );
}
