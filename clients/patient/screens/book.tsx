import { useMutation, useQuery } from '@apollo/client/react'
import { useState } from 'react'
import { View } from 'react-native'
import { type Choice, pathOfChoice } from '../addresses.ts'
import { Slots } from '../book/slots.tsx'
import { device } from '../device'
import { BookDocument, ClinicsDocument, HomeDocument, JoinDocument } from '../generated/graphql.ts'
import { go, goBack, goOn } from '../navigation.ts'
import { useAct } from '../session/use-act.ts'
import { useTexts } from '../texts/language.tsx'
import { shortDay, timeOfDay } from '../texts/times.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Page, Section } from '../ui/page.tsx'
import { Cell, Cells, Pass } from '../ui/pass.tsx'
import { Problem } from '../ui/problem.tsx'
import { SyncBand } from '../ui/sync-band.tsx'
import { step } from '../ui/tokens.ts'
import { Words } from '../ui/words.tsx'

/** A ticket at once, where a service takes patients who are not there yet. */
const JoinNow = ({ service, patientId }: { service: { id: string; name: string }; patientId: string }) => {
  const t = useTexts()
  const [join] = useMutation(JoinDocument)
  const { isBusy, problem, run } = useAct()
  const submit = () =>
    run(async () => {
      const id = device.ports.newId()
      await join({
        variables: {
          input: {
            id,
            patientId,
            serviceId: service.id,
            doctorId: null,
            provisionalTicket: null,
            reason: null,
            urgency: null,
          },
        },
      })
      goOn(`/turn/${id}`)
    })
  return (
    <View style={{ gap: 2 * step }}>
      <Button isDisabled={isBusy} onPress={() => void submit()}>
        {t.join.act(service.name)}
      </Button>
      <Problem text={problem} />
    </View>
  )
}

/** Service, doctor or first free, day and time, and yes: behind the clinic, which was chosen on the way here. */
export const Book = ({ choice }: { choice: Choice }) => {
  const { clinicId, serviceId, doctorId, startsAt } = choice
  const t = useTexts()
  const { data } = useQuery(ClinicsDocument, { fetchPolicy: 'cache-first' })
  const { data: home } = useQuery(HomeDocument, { fetchPolicy: 'cache-first' })
  const [book] = useMutation(BookDocument)
  const { isBusy, problem, setProblem, run } = useAct()
  const [reason, setReason] = useState('')
  const me = home?.me?.__typename === 'Patient' ? home.me : null
  const [wardId, setWardId] = useState<string | null>(null)
  const clinic = data?.clinics.find(({ id }) => id === clinicId)
  const service = clinic?.services.find(({ id }) => id === serviceId)
  const choose = (more: Partial<Choice>) => {
    setProblem(null)
    go(pathOfChoice({ ...choice, ...more }))
  }
  if (!clinic)
    return (
      <Page>
        <Words role="status">{t.loading}</Words>
      </Page>
    )

  const submit = async () => {
    const isDone = await run(async () => {
      const id = device.ports.newId()
      await book({
        variables: {
          input: {
            id,
            serviceId: serviceId as string,
            doctorId: doctorId ?? null,
            startsAt: startsAt as string,
            patientId: wardId,
            reason: reason.trim() || null,
            urgency: null,
          },
        },
      })
      goOn(`/booking/${id}`)
    })
    // What is wrong with this time stands above the other ones.
    if (!isDone) goBack()
  }

  if (startsAt && service)
    return (
      <Page title={t.book.check}>
        <SyncBand />
        <Pass
          head={
            <>
              <Words isStrong>{service.name}</Words>
              <Words size="small">{clinic.name}</Words>
            </>
          }
        >
          <Cells>
            <Cell label={t.pass.day} isLarge>
              {shortDay(startsAt, t.language, clinic.timeZone)}
            </Cell>
            <Cell label={t.pass.time} isLarge>
              {timeOfDay(startsAt, t.language, clinic.timeZone)}
            </Cell>
            <Cell label={t.pass.doctor}>
              {service.doctors.find(({ id }) => id === doctorId)?.name ?? t.booking.anyDoctor}
            </Cell>
          </Cells>
        </Pass>
        {me?.wards && me.wards.length > 0 && (
          <Section title={t.book.who}>
            <View role="radiogroup" style={{ gap: 2 * step }}>
              {[{ id: null, name: t.book.self }, ...me.wards].map(({ id, name }) => (
                <Button key={id ?? 'self'} role="radio" isSelected={wardId === id} onPress={() => setWardId(id)}>
                  {name}
                </Button>
              ))}
            </View>
          </Section>
        )}
        <Button kind="main" onPress={() => void submit()} isDisabled={isBusy}>
          {t.book.act}
        </Button>
        <Field
          label={t.book.reason}
          hint={t.book.reasonHint}
          value={reason}
          onChangeText={setReason}
          maxLength={1_000}
          multiline
          autoCapitalize="sentences"
        />
        <Button onPress={goBack}>{t.book.moveTitle}</Button>
      </Page>
    )

  return (
    <Page title={clinic.name}>
      <SyncBand />
      <Problem text={problem} />
      {!service && (
        <Section title={t.book.service}>
          {clinic.services.map(({ id, name, slotMinutes }) => (
            <Button key={id} onPress={() => choose({ serviceId: id })}>
              {`${name} · ${t.book.minutes(slotMinutes)}`}
            </Button>
          ))}
        </Section>
      )}
      {!service && me && clinic.services.some(({ remoteJoin, open }) => remoteJoin && open) && (
        <Section title={t.home.join}>
          <Words size="small" isQuiet>
            {t.join.text}
          </Words>
          {clinic.services
            .filter(({ remoteJoin, open }) => remoteJoin && open)
            .map((one) => (
              <JoinNow key={one.id} service={one} patientId={me.id} />
            ))}
        </Section>
      )}
      {service && doctorId === undefined && (
        <Section title={`${service.name}: ${t.book.doctor}`}>
          <Button kind="main" onPress={() => choose({ doctorId: null })}>
            {t.book.firstFree}
          </Button>
          <Words size="small" isQuiet>
            {t.book.firstFreeHint}
          </Words>
          {service.doctors.map(({ id, name }) => (
            <Button key={id} onPress={() => choose({ doctorId: id })}>
              {name}
            </Button>
          ))}
        </Section>
      )}
      {service && doctorId !== undefined && (
        <Slots
          serviceId={service.id}
          doctorId={doctorId}
          timeZone={clinic.timeZone}
          onChoose={(slot) => choose({ startsAt: slot.startsAt })}
        />
      )}
    </Page>
  )
}
