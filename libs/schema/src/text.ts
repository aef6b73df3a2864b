/** One canonical form for text that is stored or compared (docs/adr/0004-names.md). */

/** No control characters, no line separators, no lone surrogates: safe in a database, a log and a terminal. */
export const isLine = (text: string): boolean => text.isWellFormed() && !/[\p{Cc}\u2028\u2029]/u.test(text);

/** As `isLine`, with tab and line breaks. */
export const isText = (text: string): boolean =>
  text.isWellFormed() && !/[\p{Cc}]/u.test(text.replace(/[\t\n\r]/g, ''));

/**
 * The form by which identities (role names, client names, user names) are compared: two names that look
 * the same are the same. Compatibility-normalised, invisible characters dropped, trimmed, inner blanks
 * folded, case folded. Case needs three steps: a capital sharp s is `SS` only after it was a small one.
 */
export const canonicalName = (name: string): string =>
  name
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .trim()
    .replace(/\s+/gu, ' ')
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC');
