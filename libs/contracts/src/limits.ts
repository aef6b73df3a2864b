/** Bytes that a file of a secret may have. vault refuses more; the gateway lets no more through to its files. */
export const MAX_FILE_BYTES = 5 * 2 ** 20;
