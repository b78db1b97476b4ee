import { Braces, Copy, Link2, Terminal } from 'lucide-react';

import { addressOf } from '../../shared/api/client.ts';
import type { Entry } from '../../shared/api/types.ts';
import { Button } from '../../shared/ui/button.tsx';
import { Menu } from '../../shared/ui/menu.tsx';
import { useToast } from '../../shared/ui/toast.tsx';
import { curlOfEntry, curlOfGet } from './curl.ts';

/** What of an entry is worth having on the clipboard. */
export function CopyMenu({ entry }: { readonly entry: Entry }) {
  const toast = useToast();
  const copy = async (text: string, what: string) => {
    try {
      await navigator.clipboard.writeText(text);
      toast.good(`${what} copied`);
    } catch (error) {
      toast.failed(error);
    }
  };
  const { origin } = location;
  const act = curlOfEntry(origin, entry);
  const path = `/v1/events/${encodeURIComponent(entry.event_id)}`;
  const link = `${origin}${addressOf('/trail', { event: entry.event_id })}`;
  const items = [
    ...(act === null
      ? []
      : [
          {
            label: entry.verb === undefined ? 'The call as curl' : 'The action as curl',
            icon: <Terminal />,
            onSelect: () => void copy(act, 'Command'),
          },
        ]),
    {
      label: 'The question for this entry as curl',
      icon: <Terminal />,
      onSelect: () => void copy(curlOfGet(origin, path), 'Command'),
    },
    {
      label: 'The record as JSON',
      icon: <Braces />,
      onSelect: () => void copy(JSON.stringify(entry, null, 2), 'Record'),
    },
    { label: 'A link to it', icon: <Link2 />, onSelect: () => void copy(link, 'Link') },
  ];
  return (
    <Menu
      trigger={
        <Button>
          <Copy aria-hidden />
          Copy
        </Button>
      }
      items={items}
    />
  );
}
