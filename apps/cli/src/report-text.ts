// A verification as people read it.
import type { Defect, VerifyReport } from '@app/evidence';
import { levelNames } from '@app/evidence';

const DEFECTS_SHOWN = 20;

export function reportLines(bundle: string, report: VerifyReport): string[] {
  const { checkpoint, counts, levels, observations, notShown } = report;
  const kind = report.bundle;
  return [
    headline(bundle, report),
    '',
    ...(checkpoint ? [`log          ${checkpoint.log}`] : []),
    ...(kind ? [`leaves       ${kind.from} to ${kind.to} (kind: ${kind.kind}), ${counts.leaves} recomputed`] : []),
    ...(checkpoint ? [`checkpoint   size ${checkpoint.size}, root ${checkpoint.root}`] : []),
    ...(checkpoint ? signers(checkpoint) : []),
    `looked at    ${counts.bytes} bytes, ${counts.files} files, ${counts.streams} streams (${counts.replayed} replayed), ${counts.proofs} proofs`,
    '',
    ...levels.map(({ level, name, reached, sentence }) => `${reached ? '[x]' : '[ ]'} ${level} ${name}: ${sentence}`),
    ...section(`${report.defectCount} ${report.defectCount === 1 ? 'defect' : 'defects'}`, defectLines(report)),
    ...section(
      'worth a look',
      observations.map(({ code, sentence }) => `${code}: ${sentence}`),
    ),
    ...section('not shown', notShown),
  ];
}

/** Never a bare "valid": the level says what was shown. */
function headline(bundle: string, { verdict, level, defectCount }: VerifyReport): string {
  const reached = level === 'none' ? 'no level was reached' : `${level} (${levelNames[level]}) was reached`;
  if (verdict === 'verified') return `VERIFIED ${bundle}: ${reached}`;
  const found = defectCount === 1 ? '1 defect' : `${defectCount} defects`;
  return `${verdict.toUpperCase()} ${bundle}: ${found}; ${reached}`;
}

function signers({ signedBy, cosignedBy }: NonNullable<VerifyReport['checkpoint']>): string[] {
  const by = signedBy.length === 0 ? 'nobody whose key you gave' : signedBy.join(', ');
  return [`signed by    ${by}`, ...cosignedBy.map(({ name, at }) => `cosigned by  ${name} at ${at}`)];
}

function defectLines({ defects, defectCount }: VerifyReport): string[] {
  const shown = defects.slice(0, DEFECTS_SHOWN);
  const left = defectCount - shown.length;
  return [...shown.map(defectLine), ...(left > 0 ? [`and ${left} more`] : [])];
}

function defectLine({ kind, code, file, line, sentence }: Defect): string {
  const place = file === undefined ? '' : ` at ${file}${line === undefined ? '' : `:${line}`}`;
  return `${kind} ${code}${place}: ${sentence}`;
}

function section(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [] : ['', `${title}:`, ...entries.map((entry) => `  - ${entry}`)];
}
