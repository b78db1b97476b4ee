export const packageName = 'vault';
