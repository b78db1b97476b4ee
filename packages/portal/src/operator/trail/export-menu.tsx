import { Download, FileArchive, FileCheck, Terminal } from 'lucide-react';
import { useMemo, useRef } from 'react';

import { addressOf, withApp, type Params } from '../../shared/api/client.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Menu } from '../../shared/ui/menu.tsx';
import { useShortcuts } from '../../shared/ui/shortcuts.ts';
import { useToast } from '../../shared/ui/toast.tsx';
import { curlOfGet } from '../entry/curl.ts';
import type { Question } from './use-question.ts';

const FORMATS = [
  { format: 'csv', label: 'CSV' },
  { format: 'ndjson', label: 'NDJSON' },
  { format: 'parquet', label: 'Parquet' },
  { format: 'ecs', label: 'Elastic Common Schema' },
  { format: 'ocsf', label: 'OCSF' },
] as const;

/** The browser takes it from here: it shows how far it is, and keeps it off this page. */
function download(path: string, question: Params): void {
  const link = document.createElement('a');
  link.href = addressOf(path, withApp(question));
  link.download = '';
  link.click();
}

/** Everything that the filters find, not only what is on the page. */
export function ExportMenu({ question, change }: Question) {
  const trigger = useRef<HTMLButtonElement>(null);
  const toast = useToast();
  useShortcuts(
    useMemo(
      () => [{ keys: 'e', does: 'Export what is found', run: () => trigger.current?.click() }],
      [],
    ),
  );
  const begin = (path: string, more: Params, what: string) => {
    download(path, { ...question, ...more });
    toast.good(
      `The export as ${what} began`,
      'It is on the trail, with a manifest when it is done.',
    );
  };
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(
        curlOfGet(location.origin, addressOf('/v1/events', withApp(question))),
      );
      toast.good('Command copied');
    } catch (error) {
      toast.failed(error);
    }
  };
  const items = [
    ...FORMATS.map(({ format, label }) => ({
      label,
      icon: <Download />,
      onSelect: () => begin('/v1/events/export', { format }, label),
    })),
    {
      label: 'Evidence bundle, to check offline',
      icon: <FileArchive />,
      onSelect: () => begin('/v1/events/bundle', {}, 'evidence bundle'),
    },
    {
      label: 'Manifests of exports',
      icon: <FileCheck />,
      onSelect: () => change(() => ({ event_type: 'trail.export_completed' })),
    },
    { label: 'Copy this question as curl', icon: <Terminal />, onSelect: () => void copy() },
  ];
  return (
    <Menu
      trigger={
        <Button ref={trigger}>
          <Download aria-hidden />
          Export
        </Button>
      }
      items={items}
    />
  );
}
