import type { Rule } from './rule.js';
import * as imports from './import-rules.js';
import * as shapes from './shape-rules.js';
import * as world from './world-rules.js';

/** Every rule of the house. Each has a planted violation in `planted.ts` that it must catch. */
export const rules: readonly Rule[] = [
  imports.importLineRule,
  imports.twoDoorsRule,
  imports.pureImportsRule,
  imports.pureDoorRule,
  imports.oneDriverRule,
  imports.twoBusesRule,
  imports.testOnlyRule,
  world.pureBehaviourRule,
  world.oneTimerFileRule,
  world.plainClassesRule,
  world.knownSuffixRule,
  world.portContractRule,
  shapes.fileSizeRule,
  shapes.functionSizeRule,
  shapes.flatRule,
  shapes.fileNamesRule,
  shapes.typeNamesRule,
  shapes.namedExportsRule,
  shapes.statedRevisionRule,
  shapes.noSkippedTestsRule,
  shapes.noUnfinishedWorkRule,
];
