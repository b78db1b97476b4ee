import { useEffect, useState } from 'react';

import { Button } from '../../shared/ui/button.tsx';
import { Confirm } from '../../shared/ui/confirm.tsx';
import { Section } from '../../shared/ui/page.tsx';
import { forget, isAlarm } from '../../shared/verify/memory.ts';
import { useCheck, type Ledger } from '../../shared/verify/use-check.ts';
import { CheckView } from '../../shared/verify/verdict-view.tsx';

interface NewestCheckProps {
  readonly ledger: Ledger;
  readonly size: number;
}

/** On each visit: whether the newest checkpoint is signed, and goes on from what was seen before. */
export function NewestCheck({ ledger, size }: NewestCheckProps) {
  const check = useCheck(ledger);
  const { start } = check;
  // Once for each visit: a ledger that grows while one reads is no reason to look again.
  useEffect(() => start({ kind: 'head' }), [start]);
  return (
    <Section
      title="Since you last looked"
      actions={<Button onClick={() => start({ kind: 'head' })}>Look again</Button>}
    >
      <CheckView check={check} unit="the newest checkpoint">
        {() => null}
      </CheckView>
      {check.state.phase === 'done' && check.state.verdict.memory ? (
        isAlarm(check.state.verdict.memory) ? (
          <Alarm name={ledger.name} size={size} onForgotten={() => start({ kind: 'head' })} />
        ) : null
      ) : null}
    </Section>
  );
}

interface AlarmProps {
  readonly name: string;
  readonly size: number;
  readonly onForgotten: () => void;
}

function Alarm({ name, size, onForgotten }: AlarmProps) {
  const [open, setOpen] = useState(false);
  return (
    <div className="mt-3">
      <p className="mb-2 text-ink-2">
        Tell whoever is responsible for this server, and do not rely on the ledger until it is
        explained. A restored backup is one explanation, and is on the record.
      </p>
      <Button look="danger" onClick={() => setOpen(true)}>
        Forget what this browser remembers
      </Button>
      <Confirm
        open={open}
        onClose={() => setOpen(false)}
        title="Begin anew with this ledger?"
        action="Forget and begin anew"
        onConfirm={() => {
          forget(name);
          setOpen(false);
          onForgotten();
        }}
      >
        This browser then takes the ledger as it is now, with {size.toLocaleString('en')} entries,
        for what it should go on from. The alarm is gone, and with it the only proof this browser
        has of what was there before.
      </Confirm>
    </div>
  );
}
