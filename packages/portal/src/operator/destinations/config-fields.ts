import type { Option } from '../../shared/ui/field.tsx';
import type { DestinationType } from './destination.ts';

/** What a form asks for each type of destination: the members of `config`, by their names. */

export interface ConfigField {
  readonly name: string;
  readonly label: string;
  /** `lines`: a list; `pairs`: `Name: value` on each line. `secret` and `pairs` are never shown again. */
  readonly kind: 'text' | 'secret' | 'number' | 'select' | 'check' | 'lines' | 'pairs' | 'area';
  readonly hint?: string;
  readonly placeholder?: string;
  readonly required?: true;
  readonly options?: readonly Option[];
  /** Where nothing was said. */
  readonly initial?: string;
}

const MAPPING: ConfigField = {
  name: 'mapping',
  label: 'Shape of the records',
  kind: 'select',
  options: [
    { value: '', label: 'As the API shows them' },
    { value: 'ecs', label: 'Elastic Common Schema (ECS)' },
    { value: 'ocsf', label: 'Open Cybersecurity Schema Framework (OCSF)' },
  ],
};

export const CONFIG_FIELDS: Readonly<Record<DestinationType, readonly ConfigField[]>> = {
  webhook: [
    {
      name: 'url',
      label: 'Address',
      kind: 'text',
      required: true,
      placeholder: 'https://siem.example/affidavit',
      hint: 'Gets POST requests with {"events":[…]}, signed as Standard Webhooks are.',
    },
    {
      name: 'secret',
      label: 'Signing secret',
      kind: 'secret',
      placeholder: 'whsec_…',
      hint: 'Left empty, one is made and shown to you once.',
    },
    MAPPING,
  ],
  splunk_hec: [
    {
      name: 'url',
      label: 'Address of the collector',
      kind: 'text',
      required: true,
      placeholder: 'https://splunk.example:8088',
    },
    { name: 'token', label: 'Token', kind: 'secret', required: true },
    { name: 'index', label: 'Index', kind: 'text', hint: 'The default of the token unless given.' },
    { name: 'sourcetype', label: 'Sourcetype', kind: 'text', placeholder: 'affidavit:entry' },
    { name: 'source', label: 'Source', kind: 'text' },
    {
      name: 'ack',
      label: 'A batch counts only when the indexer has acknowledged it (the token must allow it)',
      kind: 'check',
    },
    {
      name: 'compression',
      label: 'Compression',
      kind: 'select',
      options: [
        { value: '', label: 'None' },
        { value: 'gzip', label: 'gzip' },
      ],
    },
    MAPPING,
  ],
  datadog: [
    { name: 'api_key', label: 'API key', kind: 'secret', required: true },
    {
      name: 'site',
      label: 'Site',
      kind: 'text',
      placeholder: 'datadoghq.eu',
      hint: 'Or an address below, not both.',
    },
    { name: 'url', label: 'Address', kind: 'text', hint: 'Of a proxy, instead of a site.' },
    { name: 'source', label: 'Source', kind: 'text', placeholder: 'affidavit' },
    { name: 'service', label: 'Service', kind: 'text', placeholder: 'affidavit' },
    { name: 'tags', label: 'Tags', kind: 'lines', placeholder: 'env:prod', hint: 'One on a line.' },
  ],
  s3: [
    { name: 'bucket', label: 'Bucket', kind: 'text', required: true },
    { name: 'region', label: 'Region', kind: 'text', placeholder: 'eu-central-1' },
    {
      name: 'endpoint',
      label: 'Endpoint',
      kind: 'text',
      hint: 'Of another store that speaks S3. Amazon’s own unless given.',
    },
    { name: 'prefix', label: 'Prefix of keys', kind: 'text', placeholder: 'affidavit/' },
    { name: 'access_key_id', label: 'Access key id', kind: 'text', required: true },
    { name: 'secret_access_key', label: 'Secret access key', kind: 'secret', required: true },
    {
      name: 'format',
      label: 'Format of files',
      kind: 'select',
      options: [
        { value: '', label: 'NDJSON, compressed' },
        { value: 'parquet', label: 'Parquet' },
      ],
    },
    MAPPING,
  ],
  otlp: [
    {
      name: 'url',
      label: 'Address of the collector',
      kind: 'text',
      required: true,
      placeholder: 'https://collector.example:4318',
    },
    {
      name: 'headers',
      label: 'Headers',
      kind: 'pairs',
      placeholder: 'Authorization: Bearer …',
      hint: 'Name: value, one on a line. Values are never shown again.',
    },
  ],
  syslog: [
    { name: 'host', label: 'Host', kind: 'text', required: true },
    { name: 'port', label: 'Port', kind: 'number', initial: '6514' },
    { name: 'tls', label: 'Over TLS', kind: 'check', initial: 'true' },
    {
      name: 'ca',
      label: 'Certificates of who signed the receiver’s',
      kind: 'area',
      placeholder: '-----BEGIN CERTIFICATE-----',
      hint: 'PEM. Those of the system unless given.',
    },
    MAPPING,
  ],
};

export const BATCH_FIELDS: readonly ConfigField[] = [
  { name: 'entries', label: 'Entries at once, at most', kind: 'number', placeholder: '500' },
  { name: 'bytes', label: 'Bytes at once, at most', kind: 'number', placeholder: '1000000' },
  {
    name: 'wait_ms',
    label: 'Wait for more, milliseconds',
    kind: 'number',
    placeholder: '250',
    hint: 'How long entries wait to be sent together.',
  },
  {
    name: 'in_flight',
    label: 'Batches under way at once',
    kind: 'number',
    placeholder: '1',
    hint: 'With more than one they may arrive in another order.',
  },
];
