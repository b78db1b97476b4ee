import { useState } from 'react';

import { post } from '../../shared/api/client.ts';
import { useChange } from '../../shared/api/queries.ts';
import { Button } from '../../shared/ui/button.tsx';
import { SelectField } from '../../shared/ui/field.tsx';
import { Section } from '../../shared/ui/page.tsx';
import type { Monitor, Preview } from './monitor.ts';
import { PreviewResult } from './preview-result.tsx';

const DAYS = [1, 7, 30, 90].map((days) => ({
  value: String(days),
  label: days === 1 ? 'The last day' : `The last ${days} days`,
}));

/** When it would have raised alarms. */
export function MonitorPreview({ of }: { readonly of: Monitor }) {
  const [days, setDays] = useState('7');
  const preview = useChange<void, Preview>({
    mutationFn: () => post(`/v1/monitors/${of.monitor_id}/preview`, { days: Number(days) }),
    changes: [],
  });
  return (
    <Section
      title="Try on the past"
      about="Says when it would have raised alarms. Nothing is raised."
    >
      <form
        className="mb-4 flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          preview.mutate();
        }}
      >
        <SelectField label="Over" value={days} onChange={setDays} options={DAYS} />
        <Button type="submit" busy={preview.isPending}>
          Try it
        </Button>
      </form>
      {preview.data ? <PreviewResult preview={preview.data} /> : null}
    </Section>
  );
}
