/** Bytes that a file of a secret may have. vault refuses more; the gateway lets no more through to its files. */
export const MAX_FILE_BYTES = 5 * 2 ** 20;

/**
 * Bytes of a form that brings such a file in the ways of Secrets Safe. Some clients repeat the whole of it in the JSON
 * beside it, where one byte may take six.
 */
export const MAX_FILE_FORM_BYTES = 7 * MAX_FILE_BYTES + 65_536;
