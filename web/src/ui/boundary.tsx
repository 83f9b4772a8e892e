// When a page's own program fails: what is shown instead, while everything else keeps working. Another address, or the
// button, tries again; nothing is loaded anew, so that what was typed elsewhere stays.
import { Component, type ComponentChildren, type VNode } from 'preact';

interface Props {
	children: ComponentChildren;
	broken: (cause: unknown, again: () => void) => VNode;
}

export class Boundary extends Component<Props, { cause: unknown }> {
	override state = { cause: undefined as unknown };
	static override getDerivedStateFromError(cause: unknown) {
		return { cause: cause ?? new Error('unknown') };
	}
	private again = () => {
		if (this.state.cause !== undefined) this.setState({ cause: undefined });
	};
	override componentDidMount(): void {
		addEventListener('hashchange', this.again);
	}
	override componentWillUnmount(): void {
		removeEventListener('hashchange', this.again);
	}
	render() {
		const { cause } = this.state;
		return cause === undefined ? <>{this.props.children}</> : this.props.broken(cause, this.again);
	}
}
