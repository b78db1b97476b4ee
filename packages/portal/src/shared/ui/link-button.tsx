import { Link, type LinkProps } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { buttonClass, type Look } from './button.tsx';

interface LinkButtonProps extends LinkProps {
  readonly look?: Look;
  readonly className?: string;
  readonly children?: ReactNode;
}

/** A place to go to that looks like a button. Apart from buttons: the wallet has no router. */
export function LinkButton({ look, className, ...rest }: LinkButtonProps) {
  return <Link {...rest} className={buttonClass(look, className)} />;
}
