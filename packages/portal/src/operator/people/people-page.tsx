import { useNavigate } from '@tanstack/react-router';
import { Search } from 'lucide-react';
import { useState } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { CONTROL } from '../../shared/ui/field.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { FacetSelect } from '../facet-select.tsx';
import { RangePicker, usePeriod } from '../range/range-picker.tsx';
import { useParam } from '../use-param.ts';
import { PeopleList } from './people-list.tsx';

const PRESET = '30d';

/** People, on whose behalf agents acted. */
export function PeoplePage() {
  const period = usePeriod(PRESET);
  const [agent] = useParam('agent');
  return (
    <Page
      title="People"
      about="On whose behalf agents acted, and whose data they used."
      actions={
        <>
          <FacetSelect field="agent_name" param="agent" any="All agents" />
          <RangePicker preset={PRESET} />
        </>
      }
    >
      <FindPerson />
      <PeopleList filter={{ ...period, ...(agent === undefined ? {} : { agent }) }} />
    </Page>
  );
}

/** Goes to a person by the id or the address. */
function FindPerson() {
  const [text, setText] = useState('');
  const navigate = useNavigate();
  return (
    <form
      role="search"
      className="mb-4 flex max-w-lg gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const principalId = text.trim();
        if (principalId !== '')
          void navigate({ to: '/people/$principalId', params: { principalId } });
      }}
    >
      <input
        aria-label="Id or e-mail of a person"
        placeholder="Id or e-mail of a person"
        value={text}
        onChange={(event) => setText(event.target.value)}
        className={CONTROL}
      />
      <Button type="submit">
        <Search /> Find
      </Button>
    </form>
  );
}
