export const packageName = 'sdk';
