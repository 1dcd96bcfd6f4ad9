// Package card draws the picture that chat tools and timelines show for a link: a shared question, what each arm scores in
// Japanese and in English, and the trade-off or another chart in small, as a PNG of 1200 by 630.
//
// It draws in Go, with a font that the caller hands over, so that neither a browser nor a font of the machine is needed. It
// reads nothing, keeps nothing and decides nothing: what stands on a card is the caller's. Start with [Card] and
// [Drawer.PNG].
package card
