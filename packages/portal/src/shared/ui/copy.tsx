import { plain } from '@affidavit/schema/plain';
import { Check, Copy as CopyIcon } from 'lucide-react';
import { useEffect, useState } from 'react';

import { Button, IconButton } from './button.tsx';

const SHOWN_MS = 1600;

function useCopy(text: string | (() => string)) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === 'string' ? text : text());
    setCopied(true);
  };
  return { copied, copy: () => void copy() };
}

interface CopyProps {
  readonly text: string | (() => string);
  /** What is copied: `id`, `address`. */
  readonly what: string;
}

export function CopyIconButton({ text, what }: CopyProps) {
  const { copied, copy } = useCopy(text);
  return (
    <IconButton label={copied ? 'Copied' : `Copy ${what}`} onClick={copy} className="min-h-6 w-6">
      {copied ? <Check /> : <CopyIcon />}
    </IconButton>
  );
}

export function CopyButton({ text, what }: CopyProps) {
  const { copied, copy } = useCopy(text);
  return (
    <Button onClick={copy}>
      {copied ? <Check /> : <CopyIcon />}
      {copied ? 'Copied' : `Copy ${what}`}
    </Button>
  );
}

/** An id, that can be copied. */
export function Id({ value }: { readonly value: string }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <code className="truncate font-mono text-[0.8125rem]" title={plain(value)}>
        {plain(value)}
      </code>
      <CopyIconButton text={value} what="id" />
    </span>
  );
}

/** A secret that is shown once. */
export function ShownOnce({ value, what }: { readonly value: string; readonly what: string }) {
  return (
    <div className="rounded-lg border border-refused/40 bg-refused-soft p-3">
      <p className="mb-2 text-sm font-medium text-refused">
        This is shown once. Keep it where only you can read it.
      </p>
      <div className="flex items-center gap-2">
        <code className="grow rounded bg-panel px-2 py-1.5 font-mono text-[0.8125rem] break-all">
          {value}
        </code>
        <CopyButton text={value} what={what} />
      </div>
    </div>
  );
}
