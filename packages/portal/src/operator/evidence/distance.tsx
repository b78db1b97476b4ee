import { CopyIconButton } from '../../shared/ui/copy.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';

/** What checking in this page is worth, and how to check without trusting the server at all. */
export function Distance({ vkey }: { readonly vkey: string }) {
  const command = `affidavit verify ${location.origin}/v1/ledger --vkey '${vkey}'`;
  return (
    <Section title="At full distance">
      <Card className="text-ink-2">
        <p>
          This page came from the server whose ledger it checks: it finds damage in what is stored,
          but a server that lies could send a page that lies too. On another machine, with a program
          from elsewhere, nothing of the server has to be believed but the key:
        </p>
        <div className="mt-2 flex items-start gap-1">
          <code className="min-w-0 grow rounded bg-sunken px-2 py-1.5 font-mono text-xs break-all text-ink">
            {command}
          </code>
          <CopyIconButton text={command} what="command" />
        </div>
        <p className="mt-2">
          A second program, in Python and written from the description of the format alone, is{' '}
          <code className="font-mono text-xs">verifiers/python/affidavit_verify.py</code>.
        </p>
      </Card>
    </Section>
  );
}
