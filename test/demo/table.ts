type Cell = string | number | undefined;

/** Rows under a head, columns as wide as their widest cell, none wider than `widthMax`. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], widthMax = 60): string {
  const cells = rows.map((row) => row.map((cell) => shortened(String(cell ?? ''), widthMax)));
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `  ${row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

function shortened(text: string, widthMax: number): string {
  return text.length > widthMax ? `${text.slice(0, widthMax - 3)}...` : text;
}
