import { FileCheck2 } from 'lucide-react';
import { useId, useState, type DragEvent } from 'react';

import { buttonClass } from '../../shared/ui/button.tsx';
import { cx } from '../../shared/ui/cx.ts';
import { TextField } from '../../shared/ui/field.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { useCheck, type Ledger } from '../../shared/verify/use-check.ts';
import { CheckView } from '../../shared/verify/verdict-view.tsx';

interface FileCheckProps {
  readonly ledger: Ledger;
  readonly vkey: string;
}

/** A file that was taken away before: nothing of it leaves the browser. */
export function FileCheck({ ledger, vkey }: FileCheckProps) {
  const [key, setKey] = useState(vkey);
  const [name, setName] = useState<string | null>(null);
  const check = useCheck(ledger);
  const take = (file: File | undefined | null) => {
    if (!file) return;
    setName(file.name);
    check.start({ kind: 'file', file, vkey: key.trim() });
  };
  return (
    <Section
      title="Check a file"
      about="An evidence bundle, a range proof, or the evidence of an entry, as it was downloaded. The file stays in this browser."
    >
      <Card>
        <DropZone onFile={take} />
        <div className="my-4">
          <TextField
            label="Verifier key to believe"
            value={key}
            onChange={setKey}
            spellCheck={false}
            className="font-mono"
            hint="That of this ledger, unless the file is of another one. Take it from whoever runs that ledger, not from the file."
          />
        </div>
        {name ? <p className="mb-2 font-medium break-all">{name}</p> : null}
        <CheckView check={check} unit="bytes" />
      </Card>
    </Section>
  );
}

function DropZone({ onFile }: { readonly onFile: (file: File | null | undefined) => void }) {
  const [isOver, setOver] = useState(false);
  const id = useId();
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    onFile(event.dataTransfer.files.item(0));
  };
  return (
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={cx(
        'flex flex-col items-center gap-3 rounded-lg border-2 border-dashed p-6 text-center',
        isOver ? 'border-accent bg-accent-soft' : 'border-line-strong',
      )}
    >
      <FileCheck2 className="size-6 text-ink-3" aria-hidden />
      <p className="text-ink-2">Drop the file here, or</p>
      <input
        id={id}
        type="file"
        className="peer sr-only"
        onChange={(event) => {
          onFile(event.target.files?.item(0));
          event.target.value = '';
        }}
      />
      <label
        htmlFor={id}
        className={buttonClass(
          'plain',
          'cursor-pointer peer-focus-visible:outline-2 peer-focus-visible:outline-accent',
        )}
      >
        Choose a file
      </label>
    </div>
  );
}
