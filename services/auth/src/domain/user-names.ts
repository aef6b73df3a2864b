import type { User } from './user.ts';

/** How people are shown to others, by what clients stored of them. */

const textOf = ({ document }: Pick<User, 'document'>, member: string): string => {
  const value = document[member];
  return typeof value === 'string' ? value : '';
};

export const displayNameOf = (user: Pick<User, 'username' | 'document'>): string =>
  textOf(user, 'display_name') || textOf(user, 'full_name') || user.username;

export const emailOf = (user: Pick<User, 'document'>): string => textOf(user, 'email');
