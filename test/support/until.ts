/** Asks until it is so; a test that waits in vain ends by its own limit. */
export async function until(isSo: () => boolean | Promise<boolean>, everyMs = 20): Promise<void> {
  while (!(await isSo())) await new Promise((later) => setTimeout(later, everyMs));
}
