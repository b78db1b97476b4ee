interface SparklineProps {
  /** Said by screen readers: what it shows, and how much. */
  readonly label: string;
  readonly values: readonly number[];
  /** Where there is room. */
  readonly wide?: boolean;
}

const WIDTH = 96;
const HEIGHT = 22;

/** How often something was, in a line of text: one bar for each step of time. */
export function Sparkline({ label, values, wide = false }: SparklineProps) {
  const top = Math.max(1, ...values);
  const step = WIDTH / Math.max(1, values.length);
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className={`h-5.5 text-accent ${wide ? 'w-24' : 'w-14'}`}
    >
      <title>{label}</title>
      <line x1="0" x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} stroke="var(--line-strong)" />
      {values.map((value, index) => {
        const height = value === 0 ? 0 : Math.max(1.5, (value / top) * (HEIGHT - 1));
        return (
          <rect
            key={index}
            x={index * step}
            y={HEIGHT - height}
            width={Math.max(1, step - 1)}
            height={height}
            fill="currentColor"
          />
        );
      })}
    </svg>
  );
}
