import { Fact, Facts } from '../../shared/ui/facts.tsx';
import { Card, Section } from '../../shared/ui/page.tsx';
import { Id } from '../../shared/ui/copy.tsx';
import { Time } from '../../shared/ui/time.tsx';
import { filterInWords } from '../conditions/conditions.ts';
import { BATCH_FIELDS, CONFIG_FIELDS } from './config-fields.ts';
import { TYPE_NAMES, type Destination } from './destination.ts';

function inText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** How it is set up, without what is secret. */
export function Setup({ of }: { readonly of: Destination }) {
  const filter = filterInWords(of.filter);
  return (
    <Section title="Setup" about="Credentials are sealed and never shown again.">
      <Card>
        <Facts>
          <Fact name="Id">
            <Id value={of.destination_id} />
          </Fact>
          <Fact name="Type">{TYPE_NAMES[of.type]}</Fact>
          {CONFIG_FIELDS[of.type].map(({ name, label, kind }) => (
            <Fact key={name} name={label}>
              {kind === 'secret' ? 'not shown' : inText(of.config[name])}
            </Fact>
          ))}
          <Fact name="Only entries where">{filter === '' ? 'all entries' : filter}</Fact>
          {BATCH_FIELDS.map(({ name, label }) => (
            <Fact key={name} name={label}>
              {inText(of.batch[name])}
            </Fact>
          ))}
          <Fact name="Added">
            <Time at={of.created_at} as="short" />
          </Fact>
          <Fact name="Changed">
            <Time at={of.updated_at} as="short" />
          </Fact>
        </Facts>
      </Card>
    </Section>
  );
}
