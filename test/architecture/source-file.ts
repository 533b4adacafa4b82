// What the rules know about one source file: found with the TypeScript parser, not with patterns over text.
import ts from 'typescript';

export interface ImportFact {
  readonly from: string;
  /** Nothing of it is left at run time. */
  readonly typeOnly: boolean;
  readonly names: readonly string[];
  readonly line: number;
}

export interface SourceFile {
  /** From the root of the repository, with slashes. */
  readonly path: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly ImportFact[];
  readonly codeLines: ReadonlySet<number>;
}

export function parseSource(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TS);
  return { path, tree, imports: importsOf(tree), codeLines: codeLinesOf(tree) };
}

/** From 1, as editors count. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  for (const child of children) yield* nodesOf(child);
}

function importsOf(tree: ts.SourceFile): ImportFact[] {
  const found: ImportFact[] = [];
  for (const node of nodesOf(tree)) {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      found.push({
        from: textOf(node.moduleSpecifier),
        typeOnly: isTypeOnly(node),
        names: namesOf(node),
        line: lineOf(tree, node),
      });
    } else if (ts.isCallExpression(node) && isLoad(node) && node.arguments[0]) {
      found.push({ from: textOf(node.arguments[0]), typeOnly: false, names: [], line: lineOf(tree, node) });
    }
  }
  return found.filter(({ from }) => from !== '');
}

function isLoad({ expression }: ts.CallExpression): boolean {
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require')
  );
}

function textOf(node: ts.Expression): string {
  return ts.isStringLiteralLike(node) ? node.text : '';
}

function isTypeOnly(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly;
  return node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
}

function namesOf(node: ts.ImportDeclaration | ts.ExportDeclaration): string[] {
  const bindings = ts.isImportDeclaration(node) ? node.importClause?.namedBindings : node.exportClause;
  if (!bindings || !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))) return [];
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text);
}

/** Lines that hold a token: neither blank nor comment alone. */
function codeLinesOf(tree: ts.SourceFile): Set<number> {
  const lines = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.EndOfFileToken || ts.isJSDoc(node)) return;
    const children = node.getChildren(tree);
    if (children.length > 0) {
      children.forEach(visit);
      return;
    }
    if (node.getWidth(tree) === 0) return;
    const first = lineOf(tree, node);
    const last = tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    for (let line = first; line <= last; line += 1) lines.add(line);
  };
  visit(tree);
  return lines;
}

export function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);
}
