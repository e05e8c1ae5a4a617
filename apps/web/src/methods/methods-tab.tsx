/** Every method of a store's type as a form: made from what the node tells of the type, whatever it is. */
import type { ReactNode } from "react";
import type { StoreMethod } from "../data/store-methods.ts";
import { Link } from "../routing/navigation.tsx";
import { storePath } from "../routing/route.ts";
import type { StoreTabProps } from "../stores/store-tab-props.ts";
import { MethodForm } from "./method-form.tsx";

export function MethodsTab({ id, methods, item }: StoreTabProps): ReactNode {
  const all = [...methods.byName.values()];
  const chosen = all.find(({ name }) => name === item) ?? all[0];
  return (
    <div className="methods">
      <nav aria-label="Methods" className="method-list">
        <p className="muted break">
          <code>{methods.service}</code>
        </p>
        <ul>
          {all.map((method) => (
            <MethodLink key={method.name} id={id} method={method} isChosen={method === chosen} />
          ))}
        </ul>
      </nav>
      {chosen === undefined ? (
        <p className="empty">This type has no methods.</p>
      ) : (
        <MethodForm key={chosen.name} id={id} methods={methods} method={chosen} />
      )}
    </div>
  );
}

interface MethodLinkProps {
  readonly id: string;
  readonly method: StoreMethod;
  readonly isChosen: boolean;
}

function MethodLink({ id, method, isChosen }: MethodLinkProps): ReactNode {
  return (
    <li>
      <Link to={storePath(id, "methods", method.name)} aria-current={isChosen ? "true" : undefined}>
        <span>{method.name}</span>
        <span className={`method-kind method-${method.kind}`}>{method.kind}</span>
      </Link>
    </li>
  );
}
