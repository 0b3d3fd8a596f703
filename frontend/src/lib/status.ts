/** How each device status looks and reads, and the order they are told in. */

import type { Status } from '@/props'

export const STATUSES: readonly Status[] = ['online', 'offline', 'maintenance', 'decommissioned']

interface Look {
  label: string
  color: 'success' | 'error' | 'warning' | 'neutral'
  icon: string
  /** Background of dots and bars. */
  fill: string
}

export const LOOK: Record<Status, Look> = {
  online: { label: 'Online', color: 'success', icon: 'i-lucide-circle-check', fill: 'bg-success' },
  offline: { label: 'Offline', color: 'error', icon: 'i-lucide-unplug', fill: 'bg-error' },
  maintenance: { label: 'Maintenance', color: 'warning', icon: 'i-lucide-wrench', fill: 'bg-warning' },
  decommissioned: {
    label: 'Decommissioned',
    color: 'neutral',
    icon: 'i-lucide-archive',
    fill: 'bg-(--ui-text-dimmed)',
  },
}
