import type { posters as english } from './en-posters.ts'

export const posters: typeof english = {
  posters: {
    text: 'Imprímalo en A4 y cuélguelo. Quien lo escanea no tiene que instalar nada.',
    which: 'Cartel',
    door: 'Para la entrada: registrar uno mismo la llegada',
    remote: 'Para casa: ponerse en la cola desde lejos',
    print: 'Imprimir',
    noDoor: 'Registrar uno mismo la llegada está desactivado. Permítalo en Centro y después imprima el cartel.',
    noRemote: 'En ningún servicio se puede entrar desde lejos. Permítalo en un servicio y después imprima el cartel.',
    local:
      'Esta dirección solo funciona en esta máquina: {{address}}. Abra esta página con la dirección propia del centro y después imprima.',
    preview: 'El cartel',
    code: 'Código QR de {{address}}',
    doorTitle: '¿Ya está aquí? Registre su llegada con el teléfono',
    doorSteps: [
      'Escanee este código o use la tableta.',
      'Escriba su teléfono y su fecha de nacimiento.',
      'Tome asiento. Su puesto está en su teléfono.',
    ],
    remoteTitle: 'Espere donde quiera',
    remoteSteps: [
      'Escanee este código en casa o de camino.',
      'Entre, o regístrese con su número de teléfono.',
      'Tome su número y venga cuando casi sea su turno.',
    ],
    for: 'Para {{services}}',
  },
}
