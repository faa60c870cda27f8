import type { ReactNode } from 'react'
import { Dialog as AriaDialog } from 'react-aria-components/Dialog'
import { Heading } from 'react-aria-components/Heading'
import { Modal, ModalOverlay } from 'react-aria-components/Modal'

type Props = { title: string; isBroad?: boolean; onClose: () => void; children: ReactNode }

/** A question that stands before everything else until it is answered or left with Escape. */
export const Dialog = ({ title, isBroad, onClose, children }: Props) => (
  <ModalOverlay className="veil" isOpen isDismissable onOpenChange={(isOpen) => !isOpen && onClose()}>
    <Modal className={isBroad ? 'dialog-box broad' : 'dialog-box'}>
      <AriaDialog className="dialog">
        <Heading slot="title" level={2}>
          {title}
        </Heading>
        {children}
      </AriaDialog>
    </Modal>
  </ModalOverlay>
)
